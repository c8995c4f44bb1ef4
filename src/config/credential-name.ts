/** Whether a header or a key of this name usually holds a secret. */
export function isCredentialName(name: string): boolean {
  return /authorization|key|token|cookie|secret|passw|credential|signature/i.test(name);
}
