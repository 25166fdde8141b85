import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    thetas = [np.float64(initial_theta)]
    for _ in range(number_steps):
        last = thetas[-1]
        thetas.append(last - learning_rate * 2 * last)
    return thetas
