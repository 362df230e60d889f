package deliver_test

func million() error { return nil }
