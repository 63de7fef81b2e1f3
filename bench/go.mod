module monitord/bench

go 1.26.0
