import torch

class Solution:
    @staticmethod
    def loss(theta):
        return sum(x**2 for x in theta.view(-1))

    @classmethod
    def gradient_descent(cls, initial_theta, learning_rate, number_steps):
        theta = torch.nn.Parameter(initial_theta.clone())
        optimizer = torch.optim.SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimizer.zero_grad()
            cls.loss(theta).backward()
            optimizer.step()
        return theta.detach()

gradient_descent_torch_optimiser = Solution.gradient_descent
gradient_descent_norm_torch_optimiser = Solution.gradient_descent
