"""The mistakes that both exercises share: each is the program that makes it, beside its hint.

They stand in four files, by where in the function they are made: the gradient, the number of steps, the
update, and the two ends where theta comes in and goes out. Nearly all are a right `Descent` with one
decision taken otherwise. A few have another structure (they stop early, start again, keep an old
gradient); those are written out.

Some mistakes have the same outputs: a halved rate and a halved loss, no backward() and no step(). They
are told apart by what the optimiser was seen to do. What has a constant of its own (a rate, some steps, a
momentum) is here with the commonest value; any other is fitted when a submission is graded.

`costs` names the criteria that fail for the mistake: a test holds every one of them against
the frozen suite, in both directions. Worth noting while reading:

- A rate hard-coded to 0.1 passes every case whose rate is 0.1, so no suite may have only that one.
- One step hides everything that happens between steps: forgotten zero_grad, momentum, decay.
- A start at theta 0 hides nearly everything; so does theta 1 for programs that start there.
- A program that never moves theta would pass without steps and with rate 0; the rubric gives
  nothing for that unless some call moves.
"""

from __future__ import annotations

from _count_mistakes import count_mistakes
from _end_mistakes import end_mistakes
from _gradient_mistakes import gradient_mistakes
from _program import Descent, Loss
from _update_mistakes import update_mistakes

from grader.exercises import NOTHING, Misconception


def shared(loss: Loss, loss_form: frozenset[str] = NOTHING) -> tuple[Misconception, ...]:
    """The mistakes on any loss; `loss_form`: what a loss in theta's place costs by its form."""
    right = Descent(loss)
    return (
        *gradient_mistakes(right),
        *count_mistakes(right),
        *update_mistakes(right),
        *end_mistakes(right, loss_form),
    )
