"""The mistakes that are made for free, one row each: a kind, where it applies, what it does there, its words.

Rows that say more come first: where two make the same program, the first one names it.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import libcst.matchers as m

from grader.freezing.mutants import calls, formulas, lines, numbers
from grader.freezing.mutants.calls import called
from grader.freezing.mutants.operator import Operator

ACTIVATIONS: Final = (
    "relu", "tanh", "sigmoid", "gelu", "leaky_relu", "elu", "silu", "softplus", "activation", "act",
)  # fmt: skip
LAYERS: Final = (
    "ReLU", "Tanh", "Sigmoid", "GELU", "LeakyReLU", "ELU", "SiLU", "Softplus", "Dropout", "Flatten",
)  # fmt: skip
WORDS: Final = {
    "sum": "summed", "mean": "averaged", "train": "training",
    "eval": "evaluation",
}  # fmt: skip
LITERAL: Final = m.OneOf(m.SimpleString(), m.FormattedString(), m.List(), m.Tuple())
REDUCTIONS: Final = {"sum": "mean", "mean": "sum", "nansum": "nanmean", "nanmean": "nansum"}
EXTREMES: Final = {
    "max": "min", "min": "max", "amax": "amin", "amin": "amax", "maximum": "minimum", "minimum": "maximum",
    "argmax": "argmin", "argmin": "argmax",
}  # fmt: skip
BENDS: Final = {
    "relu": "tanh", "tanh": "sigmoid", "sigmoid": "tanh", "gelu": "relu", "silu": "relu",
    "leaky_relu": "relu", "ReLU": "Tanh", "Tanh": "Sigmoid", "Sigmoid": "Tanh",
    "GELU": "ReLU", "SiLU": "ReLU",
}  # fmt: skip
FILLINGS: Final = {
    "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like", "rand": "randn",
    "randn": "rand", "rand_like": "randn_like", "randn_like": "rand_like",
}  # fmt: skip
NEIGHBOURS: Final = {
    "softmax": "log_softmax", "log_softmax": "softmax", "log1p": "log", "log": "log1p", "expm1": "exp",
    "exp": "expm1", "stack": "cat", "cat": "stack", "sqrt": "square", "mse_loss": "l1_loss",
    "l1_loss": "mse_loss", "floor": "ceil", "ceil": "floor",
}  # fmt: skip


def binary(*operators: m.BaseMatcherNode) -> m.BinaryOperation:
    plain = m.DoesNotMatch(LITERAL)
    return m.BinaryOperation(operator=m.OneOf(*operators), left=plain, right=plain)  # type: ignore[arg-type]


def method(*names: str) -> m.Call:
    return m.Call(func=m.Attribute(attr=calls.named(*names)))


def about(word: str) -> m.Call:
    """A call of `to` in which this word stands."""
    argument = m.Arg(keyword=m.Name(word)) | m.Arg(value=m.Attribute(attr=m.Name(word)))
    return m.Call(func=m.Attribute(attr=m.Name("to")), args=[m.ZeroOrMore(), argument, m.ZeroOrMore()])


ADDED: Final = m.AugAssign(operator=m.OneOf(m.AddAssign(), m.SubtractAssign()))
SCALED: Final = m.AugAssign(operator=m.OneOf(m.MultiplyAssign(), m.DivideAssign()))
ADDING: Final = m.OneOf(binary(m.Add(), m.Subtract()), ADDED)
SCALING: Final = m.OneOf(binary(m.Multiply(), m.Divide(), m.FloorDivide()), SCALED)
PRODUCT: Final = m.Assign(value=binary(m.Multiply(), m.Divide(), m.Power(), m.MatrixMultiply()))
REDUCTION: Final = m.Arg(keyword=m.Name("reduction"), value=m.SimpleString(m.MatchRegex("(?s).(sum|mean).")))
CASTS: Final = ("float", "double", "type_as", "astype", "type", "bool", "long", "int")
CAST: Final = m.OneOf(about("dtype"), method(*CASTS))
TO_ONE_NAME: Final = m.Assign(
    targets=[m.AssignTarget(target=m.OneOf(m.Name(), m.Attribute(), m.Subscript()))]
)
ELEMENTWISE: Final = method(
    "abs", "clamp", "exp", "log", "relu", "sigmoid", "tanh", "sqrt", "square", "add", "sub", "mul", "div",
    "masked_fill",
)  # fmt: skip
BOUND_LINE: Final = m.OneOf(m.Expr(), m.Assign(), m.AnnAssign(), m.AugAssign())
CONDITION: Final = m.OneOf(m.If(), m.IfExp(), m.CompIf())
FORMULA: Final = "Write the formula beside your line and compare them sign by sign."
ALONG: Final = "Look at the dimension along which you compute; print the shapes before and after."
SHAPES: Final = "Print the shapes before and after this step."
CALL: Final = "Look the function up in the documentation of PyTorch: what does each of its arguments say?"
CALLER: Final = "Print the arguments before and after a call: which of them may your function change?"
BORDER: Final = "Try the value that lies exactly on the border."
CASES: Final = "For which arguments does each branch run? Try one call for each."
SEED: Final = (
    "Call your function twice with the same seed and compare: every random number has to come from it."
)
COUNT: Final = "Write the numbers that the loop runs through on paper for two or three rounds."
SLICE: Final = "Counting begins at 0, and the end of a slice is not part of it: print what you select."
DTYPE: Final = "Call your function with float64 as well and print the dtype of what comes back."
DEVICE: Final = "On which device is each tensor that you make? Print .device."
GRADIENT: Final = "Which values belong to the graph of autograd? Print .requires_grad and .grad_fn."

# fmt: off
OPERATORS: Final = (
    # what a formula is made of
    Operator("square-root", called("sqrt"), calls.left_out,
             "{What} lacks a square root", "A square root of something{on} is missing."),
    Operator("square-root", m.BinaryOperation(operator=m.Power(), right=m.Float("0.5")), formulas.left_only,
             "{What} lacks a square root",
             "A square root is missing; compare with the formula of the lesson."),
    Operator("power", called("square", "pow"), calls.left_out,
             "{What} lacks a power", "Something{on} has to be raised to a power."),
    Operator("power", binary(m.Power()), formulas.left_only,
             "{What} lacks a power",
             "Something has to be raised to a power; compare with the formula of the lesson."),
    Operator("power-product", binary(m.Power()), partial(formulas.token, "*"),
             "{What} multiplies where it has to raise to a power", "In Python, ** raises to a power."),
    Operator("activation", called(*ACTIVATIONS), calls.left_out,
             "{What} lacks the activation", "Which activation does the exercise ask for, and where?"),
    Operator("activation", called("Sequential"), calls.element_left_out(*LAYERS),
             "{What} lacks a layer without parameters",
             "Print your module: which layers does it run through, and in which order?"),
    Operator("activation", m.Return(), calls.bent_again,
             "{What} goes through an activation that nobody asks for",
             "Which values can come out of the last layer?"),
    Operator("activation-other", called(*BENDS), calls.renamed(BENDS),
             "{What} goes through {0} in place of the activation that is asked for",
             "Which activation does the exercise ask for?"),
    Operator("softmax", called("softmax", "log_softmax", "normalize"), calls.left_out,
             "{What} is not normalised", "Do the weights add up to 1? Print their sum."),
    Operator("layer", m.Call(func=m.Attribute(value=m.Name("self"))), calls.layer_left_out,
             "{What} does not go through one of the layers",
             "Which layers does what comes in go through, and in which order?"),
    Operator("layer", m.Call(func=m.Attribute(value=m.Name("self"))), calls.another_layer,
             "{What} goes through another layer than is asked for",
             "Which layers does what comes in go through, and in which order?"),
    Operator("function", called(*calls.FUNCTIONS), calls.left_out,
             "{What} lacks a function",
             "A function of something{on} is missing; compare with the formula of the lesson."),
    Operator("function-other", called(*NEIGHBOURS), calls.renamed(NEIGHBOURS),
             "A function for {what} is another one than is asked for: {0}", CALL),
    Operator("transpose", called("transpose", "t", "permute", "swapaxes", "movedim", "adjoint", "swapdims"),
             calls.left_out,
             "{What} lacks a transpose", SHAPES),
    Operator("transpose", m.Attribute(attr=calls.named("T", "mT", "H", "mH")), calls.attribute_left_out,
             "{What} lacks a transpose", SHAPES),
    Operator("reduction-missing", called(*REDUCTIONS, "prod", *EXTREMES), calls.left_out,
             "{What} is not reduced",
             "Something{on} has to become fewer numbers, by a sum, a mean or an extreme."),
    Operator("sum-mean", called(*REDUCTIONS), calls.renamed(REDUCTIONS, WORDS),
             "{What} is {0} where it has to be {1}", "Does the formula divide by how many there are?"),
    Operator("sum-mean", REDUCTION,
             numbers.reduction,
             "{What} is {0} where it has to be {1}", "Does the formula divide by how many there are?"),
    Operator("max-min", called(*EXTREMES), calls.renamed(EXTREMES, WORDS),
             "{What} holds the smallest values for the largest or the other way round",
             "Try two numbers by hand: which one has to be taken?"),
    Operator("max-min", m.Arg(keyword=calls.named("min", "max")), numbers.limit,
             "{What} is bounded on the wrong side", "Try one number below the bound and one above it."),
    Operator("factor", binary(m.Multiply(), m.MatrixMultiply()), formulas.either_only,
             "{What} is not scaled: a factor{on} is missing", "A factor{on} is missing."),
    Operator("factor", binary(m.Divide(), m.FloorDivide()), formulas.left_only,
             "{What} is not scaled: a divisor{on} is missing", "A divisor{on} is missing."),
    Operator("term", binary(m.Add()), formulas.either_only,
             "{What} lacks a term{on}", "A term{on} is missing."),
    Operator("term", binary(m.Subtract()), formulas.either_term,
             "{What} lacks a term{on} in a difference", "A term{on} is missing."),
    Operator("sign", ADDING,
             formulas.sign,
             "{What} has a wrong sign: something is {0} that has to be {1}", FORMULA),
    Operator("minus", m.UnaryOperation(operator=m.Minus()), formulas.operand,
             "{What} lacks a minus sign", FORMULA),
    Operator("negative", m.Return(), formulas.negative,
             "{What} has the opposite sign", FORMULA),
    Operator("negative", PRODUCT,
             formulas.negative_value,
             "{What} is taken with the opposite sign", FORMULA),
    Operator("turned", called("exp", "log", "sigmoid", "tanh", "softplus", "sin"), formulas.turned,
             "{What} goes into a function with the wrong sign", FORMULA),
    Operator("nesting", calls.FUNCTION, calls.nested,
             "{What} goes through two functions in the wrong order",
             "Which function has to be applied first?"),
    Operator("times-divide", SCALING,
             formulas.times,
             "{What} {0} where it has to {1}", "Something{on} stands on the wrong side of the fraction."),
    Operator("times-plus", binary(m.Multiply()), partial(formulas.token, "+"),
             "{What} adds where it has to multiply", FORMULA),
    Operator("elementwise", binary(m.MatrixMultiply()), partial(formulas.token, "*"),
             "{What} multiplies element by element where matrices have to be multiplied", SHAPES),
    Operator("parentheses", m.BinaryOperation(), formulas.unparenthesised,
             "{What} lacks a pair of parentheses",
             "Which operation does Python do first? * and / before + and -."),
    Operator("complement", m.BinaryOperation(left=m.Integer("1"), operator=m.Subtract()), formulas.complement,
             "{What} has a share in place of what it leaves of 1", "Is it the share itself or the rest?"),
    Operator("complement", m.ComparisonTarget(), formulas.complement_of_bound,
             "{What} compares with what a share leaves of 1", "Is it the share itself or the rest?"),
    Operator("operands", binary(m.Subtract()), formulas.exchanged,
             "{What} subtracts in the wrong direction", FORMULA),
    Operator("operands", binary(m.Divide()), formulas.exchanged,
             "{What} has its fraction upside down", FORMULA),
    Operator("operands", binary(m.MatrixMultiply()), formulas.exchanged,
             "{What} multiplies the matrices in the other order", SHAPES),
    # conditions
    Operator("mode", m.Attribute(value=m.Name("self"), attr=m.Name("training")), numbers.other_mode,
             "{What} does in training what it has to do in evaluation, and the other way round",
             "Call it after .train() and after .eval()."),
    Operator("boundary", m.ComparisonTarget(), formulas.boundary,
             "{What} treats the border itself in the wrong way", BORDER),
    Operator("direction", m.ComparisonTarget(), formulas.direction,
             "{What} compares the wrong way round", BORDER),
    Operator("condition", CONDITION, formulas.negated,
             "{What} does under a condition what it has to do without it, and the other way round", CASES),
    Operator("condition", m.OneOf(m.UnaryOperation(operator=m.OneOf(m.Not(), m.BitInvert()))),
             formulas.operand,
             "{What} has a condition or a mask turned around", CASES),
    Operator("condition", called("masked_fill", "masked_fill_", "where"), formulas.complement_of_mask,
             "{What} has the mask turned around",
             "What does True in the mask stand for? Try a mask with a single True."),
    Operator("condition-settled", CONDITION, formulas.settled,
             "{What} does {0} what it has to do under a condition", CASES),
    Operator("and-or", m.BooleanOperation(), formulas.both,
             "{What} asks for one of two conditions where both have to hold, or the other way round", CASES),
    # arguments of calls
    Operator("keepdim", m.Arg(keyword=calls.named("keepdim", "keepdims")), numbers.kept,
             "{What} keeps a dimension that has to go, or loses one that has to stay", SHAPES),
    Operator("dim", m.Arg(), numbers.dimension,
             "The dimension for {what} is the wrong one", ALONG),
    Operator("dim", m.Call(), calls.keyword("dim", "axis"),
             "The dimension for {what} is not given", ALONG),
    Operator("dtype", m.Call(), calls.keyword("dtype"),
             "{What} loses the dtype", DTYPE),
    Operator("dtype", CAST,
             calls.left_out,
             "{What} loses the dtype", DTYPE),
    Operator("device", m.Call(), calls.keyword("device"),
             "{What} loses the device", DEVICE),
    Operator("device", m.OneOf(about("device"), method("to", "cuda", "cpu")), calls.left_out,
             "{What} loses the device", DEVICE),
    Operator("seed", m.Call(), calls.keyword("generator"),
             "{What} draws without the generator", SEED),
    Operator("seed", m.Expr(value=called("manual_seed", "seed", "manual_seed_all")), lines.missing,
             "The seed is forgotten", SEED),
    Operator("seed", called("manual_seed"), calls.left_out,
             "The generator gets no seed", SEED),
    Operator("seed", called("manual_seed", "default_rng", "seed"), numbers.next_seed,
             "The seed is not the one that is asked for", SEED),
    Operator("drawn-once", called("rand_like", "randn_like", "bernoulli"), calls.drawn_once,
             "{What} has the same random numbers in every row", "Print two rows of what you draw."),
    Operator("filling", called(*FILLINGS), calls.renamed(FILLINGS),
             "{What} begins with other values than are asked for",
             "What does each of its numbers have to be before anything else happens?"),
    Operator("bias", called("Linear", "Conv1d", "Conv2d", "Conv3d"), calls.keyword_added("bias=False",
             "bias"),
             "A layer{where} has no bias", "Print the parameters of your module and count them."),
    Operator("parameter", called("Parameter"), calls.left_out,
             "A tensor{where} is no parameter",
             "Print list(module.parameters()): is everything there that has to be learnt?"),
    Operator("argument", m.Call(), calls.argument_dropped,
             "An argument is left out in a call for {what}",
             "One of the calls needs one more argument. " + CALL),
    Operator("arguments", m.Call(), calls.arguments_exchanged,
             "Two arguments of a call for {what} are exchanged", CALL),
    Operator("another-argument", m.Name(), calls.confused,
             "`{0}` is used where `{1}` belongs{where}",
             "Read your line aloud: which argument has to stand where?"),
    # modes, graphs and memory
    Operator("mode", called("train", "eval"), calls.renamed({"train": "eval", "eval": "train"}, WORDS),
             "The module is in {0} mode where it has to be in {1} mode",
             "Print module.training at this point."),
    Operator("gradient", called("no_grad", "inference_mode"), calls.renamed({"no_grad": "enable_grad",
             "inference_mode": "enable_grad"}),
             "Steps that autograd must not see are recorded{where}", GRADIENT),
    Operator("gradient", method("detach"), calls.left_out,
             "{What} stays part of the graph of autograd", GRADIENT),
    Operator("gradient", m.Attribute(attr=m.Name("grad")), calls.gradient_left_out,
             "{What} goes along the value itself where it has to go along its gradient", GRADIENT),
    Operator("gradient", m.Attribute(attr=m.Name("data")), calls.attribute_left_out,
             "{What} stays part of the graph of autograd", GRADIENT),
    Operator("gradient-lost", m.Return(), formulas.cut_off,
             "No gradient flows through {what}", GRADIENT),
    Operator("gradient-lost", m.Call(func=m.Attribute(value=m.Name("self"))), calls.cut_off_before,
             "No gradient flows back through a layer for {what}", GRADIENT),
    Operator("copy", called("clone", "copy", "deepcopy"), calls.left_out,
             "{What} is no copy: two names hold the same memory", CALLER),
    Operator("shape", method("reshape", "view", "squeeze", "unsqueeze", "flatten", "expand", "unbind"),
             calls.left_out,
             "{What} has another shape", SHAPES),
    Operator("number", method("item", "tolist", "numpy"), calls.left_out,
             "{What} is a tensor where a number is asked for", "Print type(...) of it."),
    Operator("in-place", TO_ONE_NAME,
             lines.overwriting,
             "{What} is changed in place", CALLER),
    Operator("in-place", ELEMENTWISE,
             calls.in_place,
             "{What} is changed in place", CALLER),
    Operator("in-place", binary(m.Add(), m.Subtract(), m.Multiply(), m.Divide()), formulas.in_place,
             "`{0}` itself is changed for {what}", CALLER),
    Operator("not-in-place", m.AugAssign(), lines.rebinding,
             "{What} is a new value where the old one has to change", CALLER),
    Operator("not-in-place", m.Call(func=m.Attribute()), calls.unkept,
             "A change of {what} is not kept",
             "A method whose name ends in _ changes its tensor; one without gives a new one."),
    # lines
    Operator("left-out", BOUND_LINE, lines.missing,
             "A step is missing: {what} stays as it was",
             "Go through the steps of the lesson one by one: which of them does your program not take?"),
    Operator("not-added", ADDED, lines.not_added,
             "{What} is not added up: what was there before is lost",
             "Print the value at the end of each round."),
    Operator("twice", BOUND_LINE, lines.twice,
             "A step is taken twice: {what} changes two times", "Count the steps of one round."),
    Operator("begun-again", m.IndentedBlock(), lines.begun_again,
             "The loop{where} begins anew in every round with {what}",
             "Which values have to outlive a round of the loop?"),
    Operator("outside", m.IndentedBlock(), lines.outside,
             "A step is taken once, after the loop, where it has to be taken in every round",
             "Look at how far each line of the loop is indented."),
    Operator("order", m.IndentedBlock(), lines.out_of_order,
             "Two steps are in the wrong order{where}",
             "In which order does the lesson take these steps? One of them has to do with {what}."),
    Operator("stale", m.Name(), lines.stale,
             "Every round of the loop begins again with `{0}`",
             "Print the value at the beginning of each round: does it move?"),
    Operator("parts", m.Name(), lines.confused_parts,
             "{What} takes one of several values that belong together for another",
             "Which value comes from which list? Print them side by side."),
    Operator("grown", m.Name(), lines.grown,
             "The {0} of the values is not part of what comes back",
             "Count what comes back for one step and for two."),
    Operator("early", m.IndentedBlock(), lines.early,
             "The loop{where} ends after its first round", "Look at how far the return is indented."),
    Operator("rounds", m.OneOf(m.For(), m.CompFor()), numbers.rounds,
             "A loop{where} does not run as often as it has to: {0}", COUNT),
    Operator("result", m.Return(), lines.no_result,
             "Nothing comes back{where}", "Does every way through your function end with a return?"),
    Operator("result", m.Return(), lines.another_result,
             "`{0}` comes back as it was handed in", "What you compute has to be what you return."),
    Operator("results", m.Return(), lines.results_exchanged,
             "{0} and {1} are exchanged", "In which order are the results asked for?"),
    Operator("decorator", m.Decorator(), lines.undecorated,
             "A decorator is missing{where}",
             "Which decorators stand above the methods in the documentation?"),
    Operator("method", m.FunctionDef(), lines.no_method,
             "The method `{0}` is missing", "Which methods does the documentation ask such a class for?"),
    # numbers
    Operator("infinity", called("float"), numbers.infinite,
             "{What} has {0} where something infinite is needed", "Which number leaves nothing after exp?"),
    Operator("size", m.Name(), numbers.size,
             "`{0}` is taken one too large{where}", "Try the smallest call that you can think of."),
    Operator("constant", m.Integer(), numbers.whole,
             "{What} has a constant that is {0}", FORMULA),
    Operator("constant", m.Float(), numbers.real,
             "{What} has a constant that is {0}", FORMULA),
    Operator("flag", m.OneOf(m.Name("True"), m.Name("False")), numbers.flag,
             "{What} has a switch the wrong way", CALL),
    Operator("index", m.Index(), numbers.index,
             "{What} takes the element {0} the one that is asked for", SLICE),
    Operator("slice", m.Slice(), numbers.bounds,
             "{What} is a part that {0}", SLICE),
)
# fmt: on
"""Every way to make a mistake of a reference."""
