from itertools import accumulate

import numpy as np

# one-liner-ish version :)


def gradient_descent(initial_theta, learning_rate, number_steps):
    update = lambda theta, _: theta - learning_rate * (2 * theta)
    path = accumulate(range(number_steps), update, initial=float(initial_theta))
    return np.array(list(path), dtype=float)
