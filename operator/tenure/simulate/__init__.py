"""Simulation: try a policy of monitoring and rebuilds on a history before trusting it with a model in use.

    python -m tenure.simulate --model mlmodel.yaml --data history.csv --time column [--output json]

replays labelled rows with a virtual clock. Windows are counted over the baseline as serving pods count them, judged by
the operator's own `core.monitor.look` at every monitor interval, and answered by its `core.rebuilding`: cooldown,
limits, back-off, breaker and a break of data quality hold here as they do in a cluster. Versions come from the real
trainer on the newest labelled rows (`--learn-rows`), or, with `--prediction`, only what would be started is told. In
Python: `simulate(model, make_history(model, rows), Trainer(model))`, where rows are a frame or any mappings.

A challenger must meet the requirements and, when `build.champion` says so, the champion, by `core.comparison` on the
rows it kept apart. What is not simulated: training data other than the newest rows, canary steps and guardrails, more
than one pod, failing requests, and signals of other sources than `runtime`. A person who has to promote is taken to do
so at once.

Results, by the stories in `tests/simulate` (`accuracy` of all rows after the first version's, with the policy and with
the first version for ever):

| stream                                    | rows    | breaches                    | rebuilds | with   | without |
|-------------------------------------------|---------|-----------------------------|----------|--------|---------|
| SEA concepts, changes at 15,000, 30,000,  | 60,000  | performance 4, drift none   | 4        | 0.8720 | 0.8311  |
| 45,000: begun at 15,399, 31,239, 45,219   |         |                             |          |        |         |
| (and 47,439, to learn more of the new)    |         |                             |          |        |         |
| stationary                                | 100,000 | none                        | 0        | 0.8719 | 0.8719  |
| a feature that does not matter shifts     | 40,000  | dataDrift 1                 | 0        | 0.8695 | 0.8695  |
| electricity with seasons, a year          | 17,520  | dataDrift 8, performance 11 | 11       | 0.8179 | 0.5497  |

SEA is watched over six hours (2,160 labels) with a tolerance of 0.02 and a cooldown of six hours, electricity over
weeks; the others by `monitor: {}` with a look every ten minutes. In a second of one core the operator's rules judge
2,300 looks at 3 features, 1,100 at 30, 440 at 100; each look holds three windows (`tests/bench/simulation.py`).
"""
