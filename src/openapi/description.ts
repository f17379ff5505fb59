/** How a route is described: what its code cannot tell by itself. The errors that a kind of route has are added. */
import type { ErrorCode } from '../kernel/error-table.js';

/** A JSON Schema of OpenAPI 3.1. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
  readonly example?: unknown;
}

/** What a body or an answer may be, by media type. */
export type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly example?: unknown; readonly examples?: unknown }>
>;

export interface Answer {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, Schema>>;
}

export interface Description {
  /** What generated clients call it. */
  readonly id: string;
  readonly tags: readonly Tag[];
  readonly summary: string;
  /** Limits, and what it means to repeat it. */
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly content: Content; readonly isOptional?: boolean };
  /** By status, or `default`. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Its own, beside those that all routes of its kind have. */
  readonly errors: readonly ErrorCode[];
  /** The shape of its errors: WeCom's, or else the manager's. */
  readonly hasWecomErrors?: boolean;
}

/** By method and path as the README has them, such as `POST /callback/:corpId`. */
export type Area = Readonly<Record<string, Description>>;

/** Who reads it. */
export const TAGS = {
  puppets: 'Bots: how they register, and reach WeCom through the manager.',
  gateways: 'Gateways that open callbacks themselves.',
  wecom: 'What WeCom calls.',
  operators: 'What is registered, waits or failed, and how to mend it.',
  monitoring: 'Probes and metrics.',
  console: 'The web console.',
  documents: 'This document.',
} as const;

export type Tag = keyof typeof TAGS;
