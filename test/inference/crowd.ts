/** Callers who keep a model busy for as long as a test wants, however slow or busy the machine is. */

export interface Crowd {
  /** @returns how often they were answered. */
  leave(): Promise<number>;
}

/** So many ask again and again until they are told to leave; `ask` says whether it was answered. */
export function crowd(size: number, ask: () => Promise<boolean>): Crowd {
  let isOver = false;
  const users = Array.from({ length: size }, async () => {
    let answered = 0;
    while (!isOver) if (await ask()) answered++;
    return answered;
  });
  return {
    async leave() {
      isOver = true;
      return (await Promise.all(users)).reduce((sum, answered) => sum + answered, 0);
    },
  };
}
