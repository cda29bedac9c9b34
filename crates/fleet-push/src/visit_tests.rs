//! Visits of hosts that only write down what is done to them.
