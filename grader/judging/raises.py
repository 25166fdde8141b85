"""What an exception says of the mistake behind it: a table of messages, the plainest mistake each stands for.

Names in a message are the student's own text, so only words of letters, digits and underscores are told
again. What the table does not have is told as it is: which exception, and where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grader.exercises import Landmark
from grader.records import Raised

NAME: Final = r"(\w{1,40})"


@dataclass(frozen=True)
class Sign:
    """`type` begins the exception's name, `message` is searched in its text; {0}, {1} are its groups."""

    id: str
    type: str
    message: str
    title: str
    hint: str
    teacher: str = ""
    where: Landmark | None = None

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
        "Compare the parameters in your `def` line with those in the exercise: how many, and in which order?",
        "The signature was changed, often because a value was fixed inside or read from a global variable.",
        "definition",
    ),
    Sign(
        "parameters",
        "TypeError",
        rf"^{NAME}\(\) missing \d+ required positional arguments?",
        "{0} is called without an argument that it needs",
        "Compare the parameters in your `def` line with those in the exercise: how many, and in which order?",
        "The signature asks for more than the exercise passes.",
        "definition",
    ),
    Sign(
        "arguments-swapped",
        "TypeError",
        r"'float' object cannot be interpreted as an integer",
        "A float is counted with: the number of steps and the learning rate look exchanged",
        "In which order does the exercise pass its arguments? Compare with your `def` line.",
        "range() got the learning rate: the parameters are in another order, or a count was computed with /.",
        "definition",
    ),
    Sign(
        "name",
        "NameError",
        r"name '(torch|nn|optim|np|numpy|math|F|SGD|random|plt)' is not defined",
        "{0} is used but never imported",
        "Run your file in a fresh Python: which import is missing?",
        "It worked in the notebook's memory, where an earlier cell or session had imported it.",
    ),
    Sign(
        "name",
        "NameError",
        rf"name '{NAME}' is not defined",
        "The name {0} is used but never defined, or its import failed",
        "Read the line in the error. Is the name misspelt, not imported, or defined in a cell that is gone?",
        "A misspelt name, or one that only the notebook's memory knew.",
    ),
    Sign(
        "made-in-the-loop",
        "UnboundLocalError",
        rf"variable '{NAME}'",
        "The variable {0} is used before it has a value",
        "Follow your function by hand with no step at all: which line gives {0} its value?",
        "Made inside the loop only, so a call without a step has nothing to return.",
        "return",
    ),
    Sign(
        "attribute",
        "AttributeError",
        rf"module '[\w.]+' has no attribute '{NAME}'",
        "{0} is looked for in a module that has no such name",
        "Check the spelling, capital letters included, in PyTorch's documentation.",
        "A misspelt function or class.",
    ),
    Sign(
        "cuda-hard-coded",
        "",
        r"(?i)not compiled with CUDA|NVIDIA driver|No CUDA GPUs",
        "The function asks for a GPU, and there is none here",
        "Which lines name a device? Where is the tensor that is passed?",
        "A hard-coded device; .to('cuda') or device='cuda' without asking whether there is one.",
    ),
    Sign(
        "package",
        "ModuleNotFoundError",
        r"No module named '([\w.]{1,40})'",
        "The package {0} is imported, which is not there",
        "Is the package needed for this exercise? Try without it.",
        "A package of the student's own machine.",
    ),
    Sign(
        "asks-for-input",
        "EOFError",
        r"",
        "The function waits for somebody to type",
        "A function gets what it needs through its parameters. Which line reads from the keyboard?",
        "input() inside the graded function.",
    ),
    Sign(
        "operator",
        "",
        r"not implemented for '\w+'",
        "An operator is used that PyTorch lacks for such numbers; in Python, ^ is no power",
        "Which operator in your loss do you mean, and how is it written in Python?",
        "Usually theta ^ 2 for theta ** 2.",
        "loss",
    ),
    Sign(
        "not-written",
        "NotImplementedError",
        r"",
        "The function is not written yet",
        "The line that raises NotImplementedError is still there.",
        "The stub of the exercise was handed in.",
        "definition",
    ),
    Sign(
        "endless-recursion",
        "RecursionError",
        r"",
        "The function calls itself without end",
        "What has to be true for it to stop calling itself? Try it with no step.",
        "A recursion whose end is never reached.",
        "definition",
    ),
    Sign(
        "refuses",
        "AssertionError",
        r"",
        "An assert of your own refuses the call",
        "Which values does your assert allow, and which does the exercise pass?",
        "The student's own check is stricter than the exercise.",
    ),
)

AUTOGRAD: Final = (
    Sign(
        "no-requires-grad",
        "RuntimeError",
        r"does not require grad",
        "Autograd finds nothing to differentiate: theta needs no gradient, or the loss lost it",
        "Which tensors does autograd follow? Look at requires_grad of theta and at the loss's grad_fn.",
        "requires_grad is missing, or lost through detach, .data, .item() or no_grad on the way to the loss.",
        "loss",
    ),
    Sign(
        "loss-is-a-vector",
        "RuntimeError",
        r"grad can be implicitly created only for scalar outputs",
        "The loss is a vector: backward() needs one number",
        "Print the shape of your loss. What makes one number of a norm?",
        "The squares are not summed.",
        "loss",
    ),
    Sign(
        "loss-computed-once",
        "RuntimeError",
        r"backward through the graph a second time",
        "The loss is computed once, before the loop, so the second backward() raises",
        "PyTorch frees the graph after backward(). Where is the loss built, and how often?",
        "The forward pass stands outside the loop.",
        "loss",
    ),
    Sign(
        "loss-computed-once-retained",
        "RuntimeError",
        r"modified by an inplace operation",
        "backward() goes through an old graph, whose theta has been changed since",
        "Where is the loss built, and how often? Which line changes theta after that?",
        "The graph is kept from before a step, or theta is changed in place between loss and backward.",
        "loss",
    ),
    Sign(
        "in-place-on-a-leaf",
        "RuntimeError",
        r"leaf Variable that requires grad is being used in an in-place",
        "Theta is changed in place where autograd is watching",
        "Who is meant to change theta? Which line of yours does it, and does autograd have to follow it?",
        "theta -= ... by hand without no_grad.",
        "step",
    ),
    Sign(
        "non-leaf",
        "ValueError",
        r"can't optimize a non-leaf Tensor",
        "The optimiser gets a tensor that was computed from another: it is no leaf",
        "Print theta.is_leaf. Which operation comes after requires_grad was switched on?",
        "Often .clone(), .float() or .reshape() after requires_grad_().",
        "optimiser",
    ),
    Sign(
        "no-gradient",
        "",
        r"NoneType",
        "Something that is None is used as if it were a tensor: often theta.grad before backward()",
        "Print theta.grad just before that line. Has backward() run, and is theta a leaf?",
        "The gradient is None: no backward, or on a tensor that is no leaf.",
        "backward",
    ),
    Sign(
        "loss-is-a-number",
        "AttributeError",
        r"'(float|int)' object has no attribute 'backward'",
        "The loss is a plain number, which autograd knows nothing of",
        "Print type(loss). Which line turns the tensor into a number?",
        ".item() or float() before backward().",
        "loss",
    ),
    Sign(
        "arguments-swapped",
        "AttributeError",
        r"'(?:float|int)' object has no attribute '(?:clone|detach|requires_grad|grad|dtype|data|shape)",
        "A plain number is used as if it were a tensor: the parameters look exchanged",
        "In which order does the exercise pass its arguments? Compare with your `def` line.",
        "The parameters are in another order than the exercise's, or theta was turned into a number.",
        "definition",
    ),
    Sign(
        "attribute",
        "AttributeError",
        rf"'{NAME}' object has no attribute '{NAME}'",
        "A {0} is asked for {1}, which it does not have",
        "Print the type of that variable one line before. Is it what you think?",
        "A value of another type than the student thinks, or a misspelt method.",
    ),
    Sign(
        "numpy",
        "",
        r"(?i)numpy\(\) on Tensor that requires grad",
        "A tensor that requires a gradient goes to NumPy, which refuses it",
        "Is the conversion needed? PyTorch computes on the tensor itself.",
        "NumPy functions on a tensor that autograd follows.",
    ),
    Sign(
        "integer-theta",
        "RuntimeError",
        r"(?i)floating point .*can require gradients",
        "Theta is turned into whole numbers, which have no gradient",
        "Print theta.dtype just before requires_grad is switched on.",
        "An integer dtype, or torch.tensor of Python ints.",
    ),
)

OPTIMISERS: Final = (
    Sign(
        "tensor-not-in-a-list",
        "TypeError",
        r"params argument given to the optimizer should be an iterable",
        "The optimiser gets the tensor itself, not a list of tensors",
        "What does torch.optim.SGD expect as its first argument? Read the last line of the error.",
        "SGD(theta, ...) instead of SGD([theta], ...).",
        "optimiser",
    ),
    Sign(
        "nothing-to-optimise",
        "ValueError",
        r"empty parameter list",
        "The optimiser gets an empty list",
        "Print what you pass to the optimiser. Where is theta?",
        "A Module whose theta is no Parameter, or a generator that was used up.",
        "optimiser",
    ),
    Sign(
        "nothing-to-optimise",
        "TypeError",
        r"optimizer can only optimize Tensors",
        "The optimiser gets something that is no tensor",
        "Print what you pass to the optimiser, and its type.",
        "Numbers, names or tuples in the list of parameters.",
        "optimiser",
    ),
    Sign(
        "negative-rate",
        "ValueError",
        r"Invalid learning rate: -",
        "The optimiser gets the negative learning rate, and refuses it",
        "Read the last line of the error. Who takes care of the minus sign in theta - lr * gradient?",
        "The minus sign of the descent is written twice.",
        "optimiser",
    ),
    Sign(
        "optimiser-options",
        "TypeError",
        rf"__init__\(\) (?:got an unexpected keyword argument '{NAME}'|missing)",
        "An object is made with arguments that it does not take {0}",
        "Compare the arguments with the documentation of the class.",
        "A misspelt option of the optimiser.",
        "optimiser",
    ),
)

SHAPES: Final = (
    Sign(
        "one-number-wanted",
        "",
        r"only one element tensors|converted to Scalar|only (?:length-1|0-dimensional) arrays",
        "A tensor of several numbers is used as if it were one number",
        "Print the shape of that tensor. Which line needs a single number, and does the exercise?",
        "float() or .item() on a vector.",
    ),
    Sign(
        "needs-a-dimension",
        "",
        r"0-d(?:im)? tensor|too many indices|Dimension out of range|[12]D tensors? expected|no dimensions",
        "Theta is indexed or counted, which a tensor without dimensions refuses",
        "Try both torch.tensor(1.0) and torch.tensor([1.0]). Look at their .shape.",
        "theta[0], len(theta), a loop over theta or dot() on a 0-dim tensor.",
    ),
    Sign(
        "sizes",
        "RuntimeError",
        r"(?:size of tensor a|shape '\[|sizes? of|must match|is invalid for input of size)",
        "Tensors of sizes that do not fit meet",
        "Print the shapes of the tensors in that line.",
        "A fixed size or a reshape that does not fit theta.",
    ),
    Sign(
        "dtypes",
        "RuntimeError",
        r"(?i)(?:same dtype|Found dtype|expected scalar type|dtype)",
        "Tensors of two dtypes meet",
        "Print the dtype of theta and of the tensors that you make yourself.",
        "A tensor made without dtype=theta.dtype, or theta cast on the way.",
    ),
    Sign(
        "devices",
        "RuntimeError",
        r"same device",
        "Tensors of two devices meet",
        "Which tensors does the function make itself? They need the device of the argument.",
        "A tensor made without device=theta.device.",
    ),
    Sign(
        "empty-history",
        "IndexError",
        r"list index out of range",
        "An element of a list is asked for that is not there",
        "How long is your list when there is no step?",
        "The history is empty without a step.",
        "return",
    ),
    Sign(
        "divides-by-zero",
        "ZeroDivisionError",
        r"",
        "The function divides by zero",
        "Which of your divisors can be 0? Try no step, and the rate 0.",
        "Often a division by number_steps.",
    ),
    Sign(
        "operands",
        "TypeError",
        rf"unsupported operand type\(s\) for (\S{{1,4}}): '{NAME}' and '{NAME}'",
        "{0} is asked of a {1} and a {2}, which it cannot join",
        "Print the types on both sides of that operation. Are they what you think?",
        "A value of another type than the student thinks.",
    ),
)

TABLE: Final = (*CALLS, *AUTOGRAD, *OPTIMISERS, *SHAPES)


def known_sign(raised: Raised) -> tuple[Sign, str] | None:
    """The first sign that the exception is of, and its title; None where the table does not have it."""
    for sign in TABLE:
        groups = sign.read(raised)
        if groups is not None:
            return sign, sign.title.format(*groups).strip()
    return None
