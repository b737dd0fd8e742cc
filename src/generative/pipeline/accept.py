"""Results that a change of words left as they are: `generative accept`."""

from generative.core.errors import BadInput
from generative.pipeline.bookkeeping import Bookkeeping, locked
from generative.pipeline.reasons import Reasons, all_reasons, open_repo


def accept() -> tuple[list[str], list[Reasons]]:
    """Let dvc.lock name the present code for every stage whose code differs from that there in
    comments, docstrings and layout alone; the names of these stages, and what would still run.

    Nothing is computed and no result is touched. Raises `BadInput` if dvc.lock cannot be written.
    """
    repo = open_repo()
    with locked(repo):
        reasons = all_reasons(repo)
        accepted = [found.stage for found in reasons if found.acceptable]
        if accepted:
            for stage in accepted:
                stage.save_deps()
            (file,) = {stage.dvcfile.path for stage in accepted}
            if not accepted[0].dvcfile.exists():
                raise BadInput(f"{file} is missing; run this in the project's folder")
            book = Bookkeeping(repo, accepted)
            for stage in accepted:
                book.note(stage)
            book.write_lock()
            for stage in accepted:
                repo.stage_cache.save(stage)  # whoever comes back to this code finds its results
    rest = [found for found in reasons if found.runs and not found.acceptable]
    return [stage.addressing for stage in accepted], rest
