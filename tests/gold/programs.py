"""Typical programs and the marks that a fair teacher gives them by the rubric of the first assignment.

Each is written once for both exercises: NAME stands for the function, LOSS for its loss in `theta`.
The marks are points for one step, several steps, no steps, edge rates, uses SGD, returns like theta.
A case that is hard to decide says in `why` how it was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CRITERIA: Final = {
    "one-step": "One step",
    "many-steps": "Several steps",
    "no-steps": "No steps",
    "edge-rates": "Edge rates",
    "uses-sgd": "Uses SGD",
    "returns-like-theta": "Like theta",
}
FULL: Final = (2, 3, 1, 1, 2, 1)
NOTHING: Final = (0, 0, 0, 0, 0, 0)

LOSSES: Final = {
    "gradient_descent_torch_optimiser": "theta * theta",
    "gradient_descent_norm_torch_optimiser": "(theta * theta).sum()",
}

Marks = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Program:
    """A program that is handed in again and again."""

    title: str
    body: str
    marks: Marks
    norm: Marks | None = None  # in the second exercise, where they differ
    why: str = ""

    def source(self, losses: dict[str, str] = LOSSES) -> str:
        """A student's file with this program for both exercises."""
        parts = [
            self.body.strip("\n").replace("NAME", name).replace("LOSS", loss) for name, loss in losses.items()
        ]
        return "import torch\n\n\n" + "\n\n\n".join(parts) + "\n"

    def expected(self) -> dict[str, Marks]:
        first, second = LOSSES
        return {first: self.marks, second: self.norm or self.marks}


def descent(
    *,
    start: str = "torch.nn.Parameter(initial_theta.clone())",
    optimiser: str = "torch.optim.SGD([theta], lr=learning_rate)",
    steps: str = "range(number_steps)",
    clear: str = "optimiser.zero_grad()",
    loss: str = "LOSS",
    after: str = "pass",
    result: str = "theta.detach()",
) -> str:
    """The usual program, with one decision taken otherwise."""
    return f"""
def NAME(initial_theta, learning_rate, number_steps):
    theta = {start}
    optimiser = {optimiser}
    for _ in {steps}:
        {clear}
        loss = {loss}
        loss.backward()
        optimiser.step()
        {after}
    return {result}
"""


RIGHT = (
    Program(
        "Right, as in the course: a Parameter around theta, prints, returned as it is",
        descent(start="torch.nn.Parameter(initial_theta)", after="print(theta)", result="theta"),
        FULL,
    ),
    Program(
        "Right: works on a copy",
        descent(start="initial_theta.clone().detach().requires_grad_(True)"),
        FULL,
    ),
    Program(
        "Right: a closure",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)

    def closure():
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        return loss

    for _ in range(number_steps):
        optimiser.step(closure)
    return theta.detach()
""",
        FULL,
    ),
    Program(
        "Right: a new optimiser in every step",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta = theta.detach().requires_grad_()
        optimiser = torch.optim.SGD([theta], lr=learning_rate)
        loss = LOSS
        loss.backward()
        optimiser.step()
    return theta.detach()
""",
        FULL,
    ),
    Program(
        "Right: computes in float64, returns theta's dtype",
        descent(
            start="torch.nn.Parameter(initial_theta.double())",
            result="theta.detach().to(initial_theta.dtype)",
        ),
        FULL,
    ),
    Program(
        "Right: parameters have other names",
        """
def NAME(theta0, lr, n):
    theta = torch.nn.Parameter(theta0.clone())
    optimiser = torch.optim.SGD([theta], lr=lr)
    for _ in range(n):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
    return theta.detach()
""",
        FULL,
        why="a note, as the course calls it by keyword",
    ),
    Program(
        "Right: an extra parameter with a default, an extra attribute on the result",
        """
def NAME(initial_theta, learning_rate, number_steps, verbose=True):
    theta = torch.nn.Parameter(initial_theta.clone())
    theta.history = []
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
        theta.history.append(theta.detach().clone())
        if verbose:
            print(i, theta, loss)
    return theta
""",
        FULL,
    ),
)

WRONG_VALUES = (
    Program("No zero_grad", descent(clear="pass"), (2, 0, 1, 0, 2, 1)),
    Program(
        "One step too few",
        descent(steps="range(1, number_steps)"),
        (0, 0, 1, 0, 2, 1),
        why="how many steps were taken is not asked by uses-sgd",
    ),
    Program("One step too many", descent(steps="range(number_steps + 1)"), (0, 0, 0, 0, 2, 1)),
    Program("Factor two: half the loss", descent(loss="0.5 * LOSS"), (0, 0, 1, 0, 2, 1)),
    Program("Wrong sign", descent(loss="-(LOSS)"), (0, 0, 1, 0, 2, 1)),
    Program(
        "The mean for the sum",
        descent(loss="(theta * theta).mean()"),
        FULL,
        (0, 0, 1, 0, 2, 1),
        why="the mean of one number is that number",
    ),
    Program("Hard-coded rate", descent(optimiser="torch.optim.SGD([theta], lr=0.1)"), (0, 0, 1, 0, 2, 1)),
    Program("Hard-coded number of steps", descent(steps="range(10)"), (0, 0, 0, 0, 2, 1)),
    Program(
        "SGD with momentum",
        descent(optimiser="torch.optim.SGD([theta], lr=learning_rate, momentum=0.9)"),
        (2, 0, 1, 0, 2, 1),
        why="the first step has no momentum yet",
    ),
    Program(
        "Adam",
        descent(optimiser="torch.optim.Adam([theta], lr=learning_rate)"),
        (0, 0, 1, 0, 0, 1),
    ),
)

NOT_BY_SGD = (
    Program(
        "Right values, updated by hand",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_(True)
    for _ in range(number_steps):
        loss = LOSS
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
            theta.grad.zero_()
    return theta.detach()
""",
        (2, 3, 1, 1, 0, 1),
    ),
    Program(
        "Right values, updated by hand beside an idle optimiser",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_(True)
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        theta.data = theta.data - learning_rate * theta.grad
    return theta.detach()
""",
        (2, 3, 1, 1, 0, 1),
    ),
    Program(
        "The closed form, without any descent",
        """
def NAME(initial_theta, learning_rate, number_steps):
    return initial_theta * (1 - 2 * learning_rate) ** number_steps
""",
        (2, 3, 1, 1, 0, 1),
        why="the values are right; the exercise was the optimiser",
    ),
)

WRONG_FORM = (
    Program("Returns .item() or .tolist()", descent(result="theta.tolist()"), (2, 3, 1, 1, 2, 0)),
    Program("Returns a NumPy array", descent(result="theta.detach().numpy()"), (2, 3, 1, 1, 2, 0)),
    Program(
        "float32 only",
        descent(start="torch.nn.Parameter(initial_theta.detach().clone().float())"),
        (2, 3, 1, 1, 2, 0),
        why="rounding theta to float32 is the coarser dtype's own error, also without a step",
    ),
    Program(
        "float64 only",
        descent(start="torch.nn.Parameter(initial_theta.double())"),
        (2, 3, 1, 1, 2, 0),
    ),
    Program(
        "Only for one-element theta",
        descent(loss="theta[0] * theta[0]"),
        (2, 3, 1, 1, 2, 0),
        (0, 0, 1, 0, 2, 1),
        why="in exercise 1 the better form counts; in exercise 2 the second component never moves",
    ),
    Program(
        "Returns one element for a 0-dim theta",
        descent(result="theta.detach().reshape(-1)"),
        (2, 3, 1, 1, 2, 0),
        FULL,
    ),
)

WRONG_RESULT = (
    Program(
        "Returns initial_theta",
        """
def NAME(initial_theta, learning_rate, number_steps):
    return initial_theta
""",
        NOTHING,
        why="nothing for doing nothing, though rate 0 and no steps come out right",
    ),
    Program(
        "Returns zeros",
        """
def NAME(initial_theta, learning_rate, number_steps):
    return torch.zeros_like(initial_theta)
""",
        NOTHING,
        why="nothing for doing nothing, though long runs end near zero",
    ),
    Program("Returns None: no return", descent(result="None"), NOTHING, why="nothing came back to judge"),
    Program(
        "Returns the loss",
        descent(result="loss.detach()"),
        (0, 0, 0, 0, 0, 1),
        NOTHING,
        why="SGD ran, but what it left was not returned",
    ),
    Program(
        "Returns the theta before the last step",
        descent(clear="final = theta.detach().clone(); optimiser.zero_grad()", result="final"),
        (0, 0, 0, 0, 2, 1),
        why="a step of SGD left it, and one step more may be undone",
    ),
    Program(
        "Returns the list of all thetas, the first included",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    history = [theta.detach().clone()]
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
        history.append(theta.detach().clone())
    return history
""",
        (0, 0, 1, 0, 0, 0),
        why="without a step the list is theta alone",
    ),
    Program(
        "Crashes without a step",
        descent(after="final = theta.detach()", result="final"),
        (2, 3, 0, 1, 2, 1),
    ),
    Program(
        "Never ends without a step",
        """
def NAME(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    while True:
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
        number_steps -= 1
        if number_steps == 0:
            break
    return theta.detach()
""",
        (2, 3, 0, 1, 2, 1),
        why="one call that does not end costs what that call is worth",
    ),
)

NO_FUNCTION = (
    Program(
        "Wrong number of parameters",
        """
def NAME(initial_theta, learning_rate):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(10):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
    return theta.detach()
""",
        NOTHING,
        why="no call can work",
    ),
    Program(
        "An async function", descent().replace("def ", "async def "), NOTHING, why="a coroutine came back"
    ),
    Program(
        "A generator",
        descent(after="yield theta.detach()"),
        NOTHING,
        why="a generator came back",
    ),
    Program(
        "Not begun",
        """
def NAME(initial_theta, learning_rate, number_steps):
    pass
""",
        NOTHING,
    ),
)

PROGRAMS: Final = (*RIGHT, *WRONG_VALUES, *NOT_BY_SGD, *WRONG_FORM, *WRONG_RESULT, *NO_FUNCTION)


def markdown() -> str:
    """The table of marks, as the README shows it."""
    head = ["A typical program", *CRITERIA.values(), "Exercise 1", "Exercise 2"]
    rows = [head, ["---"] + ["--:"] * (len(head) - 1), *map(_row, PROGRAMS)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _row(program: Program) -> list[str]:
    """Points that differ between the exercises stand as 2 / 0."""
    first, second = program.expected().values()
    points = [str(a) if a == b else f"{a} / {b}" for a, b in zip(first, second, strict=True)]
    title = f"{program.title} ({program.why})" if program.why else program.title
    return [title, *points, str(sum(first)), str(sum(second))]
