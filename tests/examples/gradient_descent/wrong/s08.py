import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = np.array([initial_theta], dtype=np.float64)
    history = [theta]
    for i in range(number_steps):
        theta -= learning_rate * 2 * theta
        history.append(theta)
    return np.concatenate(history)
