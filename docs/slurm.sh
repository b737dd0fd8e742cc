#!/bin/bash
# The pipeline as a SLURM job: sbatch docs/slurm.sh, in the folder of the checkout, after make lint there.
#SBATCH --job-name=generative
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=24G
#SBATCH --time=08:00:00
#SBATCH --output=slurm-%j.log
# SIGTERM two minutes before the time is over: trainings keep their last epoch, the next job goes on from it.
#SBATCH --signal=B:TERM@120
set -eu
cd "${SLURM_SUBMIT_DIR:-.}"
. .venv/bin/activate
generative doctor
exec generative repro
