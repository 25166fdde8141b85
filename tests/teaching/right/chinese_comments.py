import torch

# 第一题：用 SGD 最小化 theta^2
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    优化器 = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        损失 = theta ** 2
        优化器.zero_grad()  # 清零梯度
        损失.backward()     # 反向传播
        优化器.step()       # 更新
    return theta.data

# 第二题：范数的平方
def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    优化器 = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        损失 = (theta ** 2).sum()
        优化器.zero_grad()
        损失.backward()
        优化器.step()
    return theta.data
