import numpy as np


def derivative(x):
    return 2 * x


def gradient_descent(initial_theta, learning_rate, number_steps):
    history = []
    theta = initial_theta
    for i in range(number_steps):
        theta = theta - learning_rate * derivative(theta)
        history.append(theta)
    return np.array(history)
