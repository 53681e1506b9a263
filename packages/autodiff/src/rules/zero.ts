/** The form of rules for operators through which no gradient flows: their output does not vary, or by steps. */

export const zero1 = (): readonly [null] => [null];
export const zero2 = (): readonly [null, null] => [null, null];
