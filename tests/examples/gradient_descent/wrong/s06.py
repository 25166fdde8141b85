import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    result = np.zeros(number_steps + 1, dtype=np.float32)
    result[0] = initial_theta
    for k in range(1, number_steps + 1):
        result[k] = result[k - 1] - learning_rate * 2.0 * result[k - 1]
    return result
