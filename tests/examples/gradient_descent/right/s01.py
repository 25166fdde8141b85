import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    thetas = np.empty(number_steps + 1)
    thetas[0] = initial_theta
    for i in range(number_steps):
        thetas[i + 1] = thetas[i] - learning_rate * 2 * thetas[i]
    return thetas


if __name__ == "__main__":
    print(gradient_descent(1.0, 0.1, 5))
