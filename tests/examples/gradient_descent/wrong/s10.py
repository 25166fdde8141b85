import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = initial_theta
    grad = 2 * theta
    path = np.empty(number_steps + 1)
    path[0] = theta
    for i in range(1, number_steps + 1):
        theta = theta - learning_rate * grad
        path[i] = theta
    return path
