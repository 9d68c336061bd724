import { type Draft, INF, type Layout } from './draft.ts';
import { hoursOf, TIER } from './problem.ts';

/** What flexible loads and cars are owed, soft. */
export function promises(draft: Draft, layout: Layout): void {
  const { problem, builder, scale } = draft;
  problem.switched.forEach((load, i) => {
    for (const { fromStep, untilStep, energyWh } of load.quotas) {
      const short = builder.column(scale * TIER.quota, 0, INF);
      const terms: [number, number][] = [[short, 1]];
      for (let t = fromStep; t < untilStep; t += 1) {
        const step = problem.steps[t];
        if (step)
          terms.push([layout.switchedIndex[i]?.[t] ?? 0, (load.powerW / 1_000) * hoursOf(step)]);
      }
      builder.row(energyWh / 1_000, INF, terms);
    }
  });
  problem.cars.forEach((car, i) => {
    const short = builder.column(scale * TIER.car, 0, INF);
    const terms: [number, number][] = [[short, 1]];
    problem.steps.slice(0, car.untilStep).forEach((step, t) => {
      terms.push([layout.carIndex[i]?.[t] ?? 0, hoursOf(step)]);
    });
    builder.row(car.needWh / 1_000, INF, terms);
  });
}
