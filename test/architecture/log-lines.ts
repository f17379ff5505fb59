/**
 * Finds every line that the source can write, by the compiler's own types: each call on a `Log`, the names that may
 * reach it and the fields of its object. A name that it cannot follow to a literal is an error, so it misses none.
 */
import ts from 'typescript';

export interface LogLine {
  readonly levels: Set<string>;
  readonly fields: Set<string>;
}

type Called = ts.CallExpression | ts.NewExpression;

const PROJECT = 'tsconfig.build.json';
const LEVELS = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace']);

export class LogLines {
  readonly lines = new Map<string, LogLine>();
  readonly #checker: ts.TypeChecker;
  readonly #calls: readonly Called[];

  constructor() {
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
    const project = ts.getParsedCommandLineOfConfigFile(PROJECT, {}, host);
    const { fileNames = [], options = {} } = project ?? {};
    // Comments tell nothing of types, and are a tenth of the work.
    const compiler = { ...ts.createCompilerHost(options), jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
    const program = ts.createProgram(fileNames, options, compiler);
    this.#checker = program.getTypeChecker();
    this.#calls = program
      .getSourceFiles()
      .filter(({ fileName }) => !fileName.includes('/node_modules/'))
      .flatMap((file) => callsIn(file));
    for (const call of this.#calls) this.#read(call);
  }

  /** What errors tell the log besides: the keys of each `internal` that is handed to an AppError. */
  get internals(): Set<string> {
    const options = this.#calls.filter(({ expression }) => expression.getText() === 'AppError');
    const objects = options.flatMap((call) => propertiesOf(call.arguments?.[1]));
    const internals = objects.filter((property) => property.name?.getText() === 'internal');
    return new Set(
      internals.flatMap((property) =>
        ts.isPropertyAssignment(property) ? this.#fieldsOf(property.initializer) : [],
      ),
    );
  }

  #read(call: Called): void {
    const levels = this.#levelsOf(call.expression);
    const [first, second] = call.arguments ?? [];
    if (first === undefined || levels.length === 0) return;
    if (second === undefined) this.#follow(levels, first, null);
    else this.#follow(levels, second, first);
  }

  /** `[]` where it is no call on a log that writes. */
  #levelsOf(callee: ts.Expression): readonly string[] {
    if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return [];
    // Types are asked for last: they are what takes the time.
    if (ts.isPropertyAccessExpression(callee) && !LEVELS.has(callee.name.text)) return [];
    const { aliasSymbol } = this.#checker.getTypeAtLocation(callee.expression);
    if (aliasSymbol?.name !== 'Log' && aliasSymbol?.name !== 'Logger') return [];
    const names = ts.isPropertyAccessExpression(callee)
      ? [callee.name.text]
      : this.#literalsOf(callee.argumentExpression);
    return names.filter((name) => LEVELS.has(name));
  }

  /** Goes back from where a line is written to where its name is a literal, and its fields are known best. */
  #follow(levels: readonly string[], name: ts.Expression, fields: ts.Expression | null): void {
    const literals = this.#literalsOf(name);
    const [origin, fieldsOrigin] = [this.#originOf(name), fields === null ? null : this.#originOf(fields)];
    if (literals.length > 0) {
      for (const one of literals) this.#add(one, levels, fields === null ? [] : this.#fieldsOf(fields));
    } else if (origin !== undefined && ts.isParameter(origin)) {
      this.#followToCallers(levels, origin, fields, fieldsOrigin ?? undefined);
    } else if (origin !== undefined && isEither(origin)) {
      const [left, right] = isEither(fieldsOrigin)
        ? [fieldsOrigin.left, fieldsOrigin.right]
        : [fields, fields];
      this.#follow(levels, origin.left, left);
      this.#follow(levels, origin.right, right);
    } else {
      throw new Error(`nobody can tell which line this writes: ${name.parent.getText()}`);
    }
  }

  #followToCallers(
    levels: readonly string[],
    name: ts.ParameterDeclaration,
    fields: ts.Expression | null,
    fieldsOrigin: ts.Node | undefined,
  ): void {
    const owner = name.parent;
    const places = owner.parameters as readonly ts.Node[];
    for (const call of this.#callersOf(owner)) {
      const given: readonly ts.Expression[] = call.arguments ?? [];
      const nameGiven = given[places.indexOf(name)];
      const fieldsGiven = fieldsOrigin === undefined ? undefined : given[places.indexOf(fieldsOrigin)];
      if (nameGiven !== undefined) this.#follow(levels, nameGiven, fieldsGiven ?? fields);
    }
  }

  #callersOf(owner: ts.SignatureDeclaration): readonly Called[] {
    const { name = undefined } = ts.isConstructorDeclaration(owner) ? owner.parent : owner;
    return this.#calls.filter(
      (call) =>
        call.expression.getText().endsWith(name?.getText() ?? '') &&
        this.#checker.getResolvedSignature(call)?.declaration === owner,
    );
  }

  /** What an expression stands for: the parameter that gave it, or what it was set to; itself, where it says all. */
  #originOf(expression: ts.Expression): ts.Node | undefined {
    if (!ts.isIdentifier(expression) && !ts.isPropertyAccessExpression(expression)) return expression;
    const at = ts.isIdentifier(expression) ? expression : expression.name;
    const declaration = this.#checker.getSymbolAtLocation(at)?.valueDeclaration;
    if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return declaration;
    return declaration.initializer === undefined ? undefined : this.#originOf(declaration.initializer);
  }

  #literalsOf(expression: ts.Expression): string[] {
    const type = this.#checker.getTypeAtLocation(expression);
    const all = type.isUnion() ? type.types : [type];
    return all.every((one) => one.isStringLiteral()) ? all.map(({ value }) => value) : [];
  }

  #fieldsOf(expression: ts.Expression): string[] {
    const written = writtenFieldsOf(expression);
    if (written !== null) return written;
    const type = this.#checker.getTypeAtLocation(expression);
    const all = type.isUnion() ? type.types : [type];
    const isField = ({ flags, name }: ts.Symbol): boolean =>
      (flags & ts.SymbolFlags.Property) !== 0 && !name.startsWith('#');
    return all.flatMap((one) => one.getProperties().filter(isField)).map(({ name }) => name);
  }

  #add(name: string, levels: readonly string[], fields: readonly string[]): void {
    const line = this.lines.get(name) ?? { levels: new Set(), fields: new Set() };
    for (const level of levels) line.levels.add(level);
    for (const field of fields) line.fields.add(field);
    this.lines.set(name, line);
  }
}

function callsIn(node: ts.Node): Called[] {
  const own = ts.isCallExpression(node) || ts.isNewExpression(node) ? [node] : [];
  const children: Called[] = [];
  ts.forEachChild(node, (child) => void children.push(...callsIn(child)));
  return [...own, ...children];
}

function propertiesOf(node: ts.Expression | undefined): readonly ts.ObjectLiteralElementLike[] {
  return node !== undefined && ts.isObjectLiteralExpression(node) ? node.properties : [];
}

/** @returns null where only the type tells the names; to ask for it takes a second where a value is hard to infer. */
function writtenFieldsOf(expression: ts.Expression): string[] | null {
  const properties = propertiesOf(expression);
  const names = properties
    .filter((one) => ts.isPropertyAssignment(one) || ts.isShorthandPropertyAssignment(one))
    .map(({ name }) => name)
    .filter(ts.isIdentifier);
  return names.length === 0 || names.length < properties.length ? null : names.map(({ text }) => text);
}

/** `left ?? right` */
function isEither(node: ts.Node | null | undefined): node is ts.BinaryExpression {
  return (
    !!node && ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken
  );
}
