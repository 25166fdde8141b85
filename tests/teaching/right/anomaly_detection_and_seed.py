import os
import random
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
os.environ["KMP_DUPLICATE_LIB_OK"] = "True"
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
torch.autograd.set_detect_anomaly(True)
torch.set_printoptions(precision=10)


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = torch.linalg.norm(theta) ** 2
        loss.backward()
        optimizer.step()
    return theta
