"""A run of the campaign examples/growth.vast: 20 steps of growth."""

import json
import os

STEPS = 20

rate = float(os.environ["PARAM_GROWTH_RATE"])
population = int(os.environ["PARAM_INITIAL_POPULATION"])
out = os.environ["OUTPUT_DIR"]

with open(f"{out}/population.csv", "w") as table, open(f"{out}/progress.jsonl", "a") as progress:
    print("step,population", file=table)
    for step in range(1, STEPS + 1):
        population += int(population * rate)
        print(f"{step},{population}", file=table)
        # This is what `kubectl vast monitor -o wide` shows while it runs.
        print(json.dumps({"fraction": step / STEPS, "step": f"step {step}"}), file=progress, flush=True)

print(f"{os.environ['RUN_ID']}: {population} after {STEPS} steps")
