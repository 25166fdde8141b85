import logging

import torch

logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger(__name__)


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optim = torch.optim.SGD([theta], lr=learning_rate, momentum=0.0)
    log.info("optimiser: %s", optim)
    for k in range(number_steps):
        optim.zero_grad()
        loss = theta.pow(2)
        loss.backward()
        optim.step()
        log.debug("k=%d loss=%g", k, loss.item())
    return theta


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optim = torch.optim.SGD([theta], lr=learning_rate, weight_decay=0)
    for k in range(number_steps):
        optim.zero_grad()
        loss = theta.pow(2).sum()
        loss.backward()
        optim.step()
        log.debug("k=%d loss=%g", k, loss.item())
    return theta
