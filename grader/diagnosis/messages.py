"""What Python and torch.optim say when a call is made wrongly: messages, and what each can come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grader.exercises import Landmark
from grader.records import Raised

NAME: Final = r"(\w{1,40})"


@dataclass(frozen=True)
class Sign:
    """`type` begins the exception's name, `message` is searched in its text; {0}, {1} are its groups.

    `cause` is a phrase for the student, told as a possibility; `teacher` says what it often is.
    """

    id: str
    type: str
    message: str
    title: str
    hint: str
    teacher: str = ""
    where: Landmark | None = None
    cause: str = ""

    def read(self, raised: Raised) -> tuple[str, ...] | None:
        """The groups of the message, where the exception is of this kind."""
        if not raised.type.startswith(self.type):
            return None
        found = re.search(self.message, raised.message)
        return None if found is None else tuple(group or "" for group in found.groups())


CALLS: Final = (
    Sign(
        "parameters",
        "TypeError",
        rf"^{NAME}\(\) takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) w",
        "{0} takes {1} parameters, {2} are passed",
        "Compare the `def` line of {0} with the call: how many parameters, and in which order?",
        "Often the signature was changed, because a value was fixed inside or read from a global variable.",
        "definition",
    ),
    Sign(
        "parameters",
        "TypeError",
        rf"^{NAME}\(\) missing \d+ required positional arguments?",
        "{0} is called without an argument that it needs",
        "Compare the `def` line of {0} with the call: how many parameters, and in which order?",
        "Often the signature asks for more than the exercise passes.",
        "definition",
    ),
    Sign(
        "float-for-a-count",
        "TypeError",
        r"'float' object cannot be interpreted as an integer",
        "A float stands where Python needs a whole number",
        "Print the type of every number in that line. Which one has to be whole, and is it?",
        "Often range() got another argument, as the parameters are in another order; or / computed a count.",
        cause="parameters in another order than the exercise's, or a count that was computed with /",
    ),
    Sign(
        "name",
        "NameError",
        r"name '(torch|nn|optim|np|numpy|math|F|SGD|random|plt)' is not defined",
        "{0} is used but not imported",
        "Run your file in a fresh Python: which import is missing?",
        "Often it worked in the notebook's memory, where an earlier cell or session had imported it.",
    ),
    Sign(
        "name",
        "NameError",
        rf"name '{NAME}' is not defined",
        "The name {0} is used but not defined",
        "Read the line in the error. Is the name misspelt, not imported, or defined in a cell that is gone?",
        "Often a misspelt name, one that only the notebook's memory knew, or an import that failed.",
        cause="a misspelt name, a missing import, or one that failed",
    ),
    Sign(
        "made-in-the-loop",
        "UnboundLocalError",
        rf"variable '{NAME}'",
        "The variable {0} is used before it has a value",
        "Follow your function by hand: which line gives {0} its value, and does every call reach it?",
        "Often it is made inside a loop only, so a call where that loop never runs has nothing to return.",
        cause="a value that only the loop gives, or none that the function itself gives",
    ),
    Sign(
        "attribute",
        "AttributeError",
        rf"module '[\w.]+' has no attribute '{NAME}'",
        "{0} is looked for in a module that has no such name",
        "Check the spelling, capital letters included, in PyTorch's documentation.",
        "Often a misspelt function or class.",
    ),
    Sign(
        "cuda-hard-coded",
        "",
        r"(?i)not compiled with CUDA|NVIDIA driver|No CUDA GPUs",
        "The function asks for a GPU, and there is none here",
        "Which lines name a device? Where is the tensor that is passed?",
        "Often a hard-coded device: .to('cuda') or device='cuda' without asking whether there is one.",
    ),
    Sign(
        "package",
        "ModuleNotFoundError",
        r"No module named '([\w.]{1,40})'",
        "The package {0} is imported, which is not there",
        "Is the package needed for this exercise? Try without it.",
        "Often a package of the student's own machine.",
    ),
    Sign(
        "asks-for-input",
        "EOFError",
        r"",
        "Something is read where there is nothing left to read",
        "A function gets what it needs through its parameters. Which line reads from the keyboard?",
        "Often input() inside the graded function.",
        cause="an input() that waits for somebody to type",
    ),
    Sign(
        "operator",
        "",
        r"not implemented for '\w+'",
        "An operation is used that PyTorch does not have for such numbers",
        "Which operator do you mean, and how is it written in Python?",
        "Often x ^ 2 for x ** 2.",
        "loss",
        cause="the operator ^, which is no power in Python",
    ),
    Sign(
        "not-written",
        "NotImplementedError",
        r"",
        "The function raises NotImplementedError",
        "Which line raises it, and does it have to stand there?",
        "Often the stub of the exercise was handed in.",
        "definition",
        "a body that is not written yet",
    ),
    Sign(
        "endless-recursion",
        "RecursionError",
        r"",
        "More calls are nested in each other than Python allows",
        "What has to be true for a function to stop calling itself? Try it with the simplest call.",
        "Often a recursion whose end is never reached.",
        "definition",
        "a function that calls itself without end, or once in every round",
    ),
    Sign(
        "refuses",
        "AssertionError",
        r"",
        "An assert refuses the call",
        "Which values does the assert allow, and which does the exercise pass?",
        "Often the student's own check is stricter than the exercise.",
    ),
)

OPTIMISERS: Final = (
    Sign(
        "tensor-not-in-a-list",
        "TypeError",
        r"params argument given to the optimizer should be an iterable",
        "The optimiser gets the tensor itself, not a list of tensors",
        "What does torch.optim expect as an optimiser's first argument? Read the last line of the error.",
        "Often the parameter itself in place of a list that holds it.",
        "optimiser",
    ),
    Sign(
        "nothing-to-optimise",
        "ValueError",
        r"empty parameter list",
        "The optimiser gets an empty list",
        "Print what you pass to the optimiser. Where is the tensor that it is to change?",
        "Often a Module whose tensor is no Parameter, or a generator that was used up.",
        "optimiser",
    ),
    Sign(
        "nothing-to-optimise",
        "TypeError",
        r"optimizer can only optimize Tensors",
        "The optimiser gets something that is no tensor",
        "Print what you pass to the optimiser, and its type.",
        "Often numbers, names or tuples in the list of parameters.",
        "optimiser",
    ),
    Sign(
        "negative-rate",
        "ValueError",
        r"Invalid learning rate: -",
        "The optimiser gets a negative learning rate, and refuses it",
        "Read the last line of the error. Who takes care of the minus sign, you or the optimiser?",
        "Often a minus sign is written that the optimiser has already.",
        "optimiser",
    ),
    Sign(
        "optimiser-options",
        "TypeError",
        rf"__init__\(\) (?:got an unexpected keyword argument '{NAME}'|missing)",
        "An object is made with other arguments than it takes: {0}",
        "Compare the arguments with the documentation of the class.",
        "Often a misspelt option of the optimiser.",
        "optimiser",
    ),
)
