/** What services that a command starts get of the user's variables: those of AMaaS that are not the command's to say. */
export function passedOn(env: NodeJS.ProcessEnv, ownVariables: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && name.startsWith("AMAAS_") && !ownVariables.test(name)
        ? [[name, value] as const]
        : [],
    ),
  );
}
