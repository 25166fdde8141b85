import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    def trajectory():
        t = float(initial_theta)
        yield t
        k = 0
        while k < number_steps:
            t -= 2 * learning_rate * t
            yield t
            k += 1

    return np.fromiter(trajectory(), dtype=np.float64, count=number_steps + 1)
