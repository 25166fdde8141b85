import numpy as np


def gradient_descent(initial_theta, learning_rate, number_steps):
    theta = initial_theta
    all_thetas = [theta]
    for step in range(number_steps):
        gradient = 2 * theta
        theta += learning_rate * gradient
        all_thetas.append(theta)
    return np.array(all_thetas)


if __name__ == '__main__':
    print(gradient_descent(3.0, 0.1, 10))
