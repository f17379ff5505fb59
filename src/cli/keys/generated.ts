export interface GeneratedSecret {
  /** Its name on the command line. */
  readonly name: string;
  /** The name of the setting, or of the field in WeCom's admin page. */
  readonly label: string;
  readonly isSetting: boolean;
  /** `base64` and `url-safe`: 32 random bytes in base64 or base64url. A number: so many random letters and digits. */
  readonly form: 'base64' | 'url-safe' | 32 | 43;
}

const setting = (
  name: string,
  label: string,
  form: GeneratedSecret['form'] = 'url-safe',
): GeneratedSecret => ({
  name,
  label,
  isSetting: true,
  form,
});

/** Everything that `keys generate` makes. */
export const GENERATED: readonly GeneratedSecret[] = [
  setting('secrets-key', 'SECRETS_KEY', 'base64'),
  setting('puppet-token', 'AUTH_PUPPET_TOKEN'),
  setting('gateway-token', 'AUTH_GATEWAY_TOKEN'),
  setting('operator-token', 'AUTH_OPERATOR_TOKEN'),
  setting('metrics-token', 'METRICS_TOKEN'),
  { name: 'callback-token', label: 'Token', isSetting: false, form: 32 },
  { name: 'encoding-aes-key', label: 'EncodingAESKey', isSetting: false, form: 43 },
];
