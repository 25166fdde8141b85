"""
I would use torch.optim.SGD([theta], lr=learning_rate) in a loop over number_steps
and compute the loss theta ** 2, then call backward and step.
"""
answer_4 = "see above"
