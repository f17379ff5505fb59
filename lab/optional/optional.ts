/**
 * Deletes each optional feature from a copy of the source in memory, with the lines of the composition root that name it, and
 * says what does not compile without it.
 */
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

/** The folders of each. */
export const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  notifications: ['src/notifications', 'src/api/notifications'],
  console: ['src/console'],
  'sign-in by OpenID Connect': ['src/console/oidc'],
  tunnels: ['src/wecom/tunnels'],
  agents: ['src/agents', 'src/api/agents'],
  streams: ['src/stream', 'src/api/connections', 'src/cli/connect'],
  sessions: ['src/sessions'],
  tracing: ['src/tracing'],
};

/** What puts features together, and alone may name an optional one. */
const ROOT = ['src/app.module.ts', 'src/store-contents.ts', 'src/cli/commands.ts'].map((file) =>
  resolve(file),
);

/** Only type errors are asked for: a few programs share what they have in common. */
export class WithoutFeatures {
  readonly #options: ts.CompilerOptions;
  readonly #files: readonly string[];
  readonly #sources = new Map<string, ts.SourceFile>();

  constructor() {
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
    const config = ts.getParsedCommandLineOfConfigFile('tsconfig.build.json', {}, host);
    if (config === undefined) throw new Error('tsconfig.build.json cannot be read');
    this.#options = { ...config.options, noEmit: true, noCheck: false };
    this.#files = config.fileNames.map((file) => resolve(file));
  }

  /** @returns a line for each error. */
  compile(folders: readonly string[]): readonly string[] {
    const deleted = folders.map((folder) => `${resolve(folder)}/`);
    const isThere = (file: string): boolean => !deleted.some((folder) => resolve(file).startsWith(folder));
    const host = ts.createCompilerHost(this.#options);
    const { fileExists } = host;
    host.fileExists = (file) => isThere(file) && fileExists(file);
    host.getSourceFile = (file, target) =>
      ROOT.includes(resolve(file))
        ? ts.createSourceFile(file, without(file, isThere), target)
        : this.#read(file, target);
    const program = ts.createProgram(this.#files.filter(isThere), this.#options, host);
    return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${file?.fileName ?? ''}: ${text}`;
    });
  }

  #read(file: string, target: ts.ScriptTarget | ts.CreateSourceFileOptions): ts.SourceFile | undefined {
    const known = this.#sources.get(file);
    if (known !== undefined) return known;
    const text = ts.sys.readFile(file);
    if (text === undefined) return undefined;
    const source = ts.createSourceFile(file, text, target);
    this.#sources.set(file, source);
    return source;
  }
}

/** The file without imports of what is deleted, and without the statements and list items that use them. */
function without(file: string, isThere: (file: string) => boolean): string {
  const text = ts.sys.readFile(file) ?? '';
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const isDeleted = (specifier: string): boolean =>
    specifier.startsWith('.') && !isThere(resolve(dirname(file), specifier).replace(/\.js$/, '.ts'));
  const gone = new Set<string>();
  const cuts: ts.Node[] = [];
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (!isDeleted(statement.moduleSpecifier.text)) continue;
    cuts.push(statement);
    const names = statement.importClause?.namedBindings;
    if (names !== undefined && ts.isNamedImports(names))
      for (const { name } of names.elements) gone.add(name.text);
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    const isGone =
      (ts.isIdentifier(node) && gone.has(node.text)) ||
      (ts.isCallExpression(node) &&
        node.expression.kind === ts.SyntaxKind.ImportKeyword &&
        node.arguments.some((one) => ts.isStringLiteral(one) && isDeleted(one.text)));
    if (isGone) cuts.push(itemOf(node));
    else ts.forEachChild(node, visit);
  };
  visit(source);
  const isWithin = (one: ts.Node, other: ts.Node): boolean =>
    one !== other && other.pos <= one.pos && one.end <= other.end;
  return [...new Set(cuts)]
    .filter((one) => !cuts.some((other) => isWithin(one, other)))
    .toSorted((a, b) => b.getStart(source) - a.getStart(source))
    .reduce((left, node) => {
      const end = /^\s*,/.exec(left.slice(node.end))?.[0].length ?? 0;
      return left.slice(0, node.getStart(source)) + left.slice(node.end + end);
    }, text);
}

/** What a person would delete: an item of a list, with the row that it begins, a property, or a whole statement. */
function itemOf(node: ts.Node): ts.Node {
  const { parent } = node;
  if (beginsRow(node)) return parent;
  const isItem = ts.isArrayLiteralExpression(parent) || ts.isPropertyAssignment(node) || ts.isStatement(node);
  return isItem || parent === undefined ? node : itemOf(parent);
}

function beginsRow({ parent, pos }: ts.Node): boolean {
  if (parent === undefined || !ts.isArrayLiteralExpression(parent)) return false;
  return ts.isArrayLiteralExpression(parent.parent) && parent.elements[0]?.pos === pos;
}
