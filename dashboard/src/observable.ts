import { useEffect, useState } from 'preact/hooks';

/** Observable holds a value that is replaced, never changed, and tells those who follow it. */
export class Observable<T> {
	private readonly followers = new Set<(value: T) => void>();

	constructor(private value: T) {}

	get(): T {
		return this.value;
	}

	set(value: T): void {
		if (Object.is(value, this.value)) return;
		this.value = value;
		for (const follower of [...this.followers]) follower(value);
	}

	/** Calls back at each change until the returned function is called. */
	follow(follower: (value: T) => void): () => void {
		this.followers.add(follower);
		return () => this.followers.delete(follower);
	}
}

/** Draws a component again when the value changes. */
export function useObservable<T>(observable: Observable<T>): T {
	const [value, set] = useState(observable.get());
	useEffect(() => {
		set(observable.get());
		return observable.follow(set);
	}, [observable]);
	return value;
}
