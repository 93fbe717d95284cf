"""What retired models taught, over all records."""

from collections.abc import Iterator

from tenure.cli.blocks import Page, Paragraph, Table
from tenure.cli.nouns.model import Model, Record


def show_lessons(records: tuple[Record, ...], word: str) -> Page:
    """Show every lesson; with a word, those of which the lesson, the model, its plan or the reasons hold it."""
    found = [(record.model, lesson) for record in records for lesson in _lessons(record.model, word.casefold())]
    rows = tuple((model.namespace, model.name, model.plan.owner, _why(model), lesson) for model, lesson in found)
    data = [
        {
            "namespace": model.namespace,
            "model": model.name,
            "owner": model.plan.owner,
            "objective": model.plan.objective,
            "reasonCode": model.retirement.reason_code if model.retirement else "",
            "retiredAt": model.retirement.retired_at if model.retirement else "",
            "lesson": lesson,
        }
        for model, lesson in found
    ]
    if not found:
        about = f" about {word!r}" if word else ""
        read = f"{len(records)} record{'' if len(records) == 1 else 's'} read"
        return Page((Paragraph(f"No lessons{about} are recorded ({read})."),), data)
    return Page((Table(("Namespace", "Model", "Owner", "Retired for", "Lesson"), rows),), data)


def _lessons(model: Model, word: str) -> Iterator[str]:
    retirement = model.retirement
    if retirement is None:
        return
    plan = model.plan
    about = " ".join((model.name, plan.objective, plan.owner, *plan.tags, retirement.reason, retirement.reason_code))
    is_about = word in about.casefold()
    yield from (lesson for lesson in retirement.lessons if is_about or word in lesson.casefold())


def _why(model: Model) -> str:
    return model.retirement.reason_code if model.retirement else ""
