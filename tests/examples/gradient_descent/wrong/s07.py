import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    thetas = np.zeros(number_steps + 1)
    thetas[0] = initial_theta
    for i in range(number_steps):
        g = 2 * thetas[i]
        thetas[i + 1] = thetas[i] - learning_rate * g
        return thetas
