define({}); // the system templates of the real page load with every widget (W §4.2)
