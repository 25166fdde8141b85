"""Programs whose mistake begins late, as students write them: right for as long as most runs last.

Each is a whole file for both exercises, as in `programs`. None may keep the points for several steps.
"""

from __future__ import annotations

from typing import Final

from tests.gold.programs import Marks, Program

LATE: Final[Marks] = (2, 0, 1, 1, 2, 1)


def _scheduled(scheduler: str, told: str = "") -> str:
    return f"""
def NAME(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    scheduler = torch.optim.lr_scheduler.{scheduler}
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        optimiser.step()
        scheduler.step({told})
    return theta.detach()
"""


def _looping(steps: str = "range(number_steps)", after: str = "", before: str = "", made: str = "") -> str:
    return f"""
def NAME(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    {made}
    for i in {steps}:
        optimiser.zero_grad()
        loss = LOSS
        loss.backward()
        {before}
        optimiser.step()
        {after}
    return theta.detach()
"""


_BACKS_OFF = """if loss.item() > last:
            optimiser.param_groups[0]["lr"] /= 2
        last = loss.item()"""

_PROGRAMS = {
    "StepLR(step_size=30)": _scheduled("StepLR(optimiser, step_size=30)"),
    "StepLR(50, 0.5)": _scheduled("StepLR(optimiser, 50, 0.5)"),
    "StepLR(15, 0.5)": _scheduled("StepLR(optimiser, 15, 0.5)"),
    "MultiStepLR([40, 80])": _scheduled("MultiStepLR(optimiser, [40, 80])"),
    "ReduceLROnPlateau": _scheduled("ReduceLROnPlateau(optimiser)", "loss"),
    "min(number_steps, 50)": _looping("range(min(number_steps, 50))"),
    "min(number_steps, 99)": _looping("range(min(number_steps, 99))"),
    "min(number_steps, 100)": _looping("range(min(number_steps, 100))"),
    "a nudge in every 32nd step": _looping(
        after="""if i % 32 == 31:
            theta.data.mul_(1.001)"""
    ),
    "a small number added in every 32nd step": _looping(
        after="""if i % 32 == 31:
            theta.data.add_(1e-3)"""
    ),
    "a rate halved whenever the loss goes up": _looping(made='last = float("inf")', before=_BACKS_OFF),
}

LATE_PROGRAMS: Final = tuple(Program(title, body, LATE) for title, body in _PROGRAMS.items())
