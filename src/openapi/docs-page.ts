/** The files of swagger-ui-dist that the page loads. The build copies them into `swagger-ui/`. */
export const SWAGGER_UI_FILES = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'];

/** The page of the document, with Swagger UI. It has no inline script, which the content security policy would forbid. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>WXKF-Manager</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/**
 * `validatorUrl: null` hides a badge that would be loaded from another server. Swagger UI is dark below the class `dark-mode`: as
 * somebody chose in the console in this browser, else as the system is.
 */
export const DOCS_SCRIPT = `const system = matchMedia('(prefers-color-scheme: dark)');
const wearShade = () => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('wxkf.theme');
  } catch {}
  const isDark = chosen === 'dark' || (chosen !== 'light' && system.matches);
  document.documentElement.classList.toggle('dark-mode', isDark);
};
wearShade();
system.addEventListener('change', wearShade);
SwaggerUIBundle({
  url: 'docs-json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  operationsSorter: 'alpha',
  validatorUrl: null,
});
`;
