export function Heading() {
  return <h1>WXKF-Manager</h1>;
}
