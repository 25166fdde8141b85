import numpy as np


def f(theta):
    return theta ** 2


def df(theta):
    # derivative of theta^2
    return 2.0 * theta


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = initial_theta
    history = [theta]
    for _ in range(number_steps):
        theta = theta - learning_rate * df(theta)
        history.append(theta)
    return np.array(history, dtype=np.float64)
