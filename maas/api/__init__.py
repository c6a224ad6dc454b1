"""HTTP: one thin router per subject; endpoints translate and decide nothing."""
