import numpy as np


class _Descender:
    """keeps the current point and walks downhill"""

    def __init__(self, start, rate):
        self.theta = np.float64(start)
        self.rate = rate

    def step(self):
        gradient = self.theta + self.theta
        self.theta = self.theta - self.rate * gradient
        return self.theta


def gradient_descent(initial_theta, learning_rate, number_steps):
    walker = _Descender(initial_theta, learning_rate)
    values = [walker.theta]
    values += [walker.step() for _ in range(number_steps)]
    return np.asarray(values, dtype="float64")
