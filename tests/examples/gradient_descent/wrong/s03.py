import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = float(initial_theta)
    values = []
    for _ in range(number_steps):
        values.append(theta)
        theta = theta - learning_rate * 2 * theta
    return np.array(values, dtype=np.float64)
