/** A port of R's quadprog: arrays count from 1. */
declare module 'quadprog' {
  const quadprog: {
    solveQP(
      Dmat: number[][],
      dvec: number[],
      Amat: number[][],
      bvec: number[],
      meq: number,
    ): { solution: number[]; message: string };
  };
  export default quadprog;
}
