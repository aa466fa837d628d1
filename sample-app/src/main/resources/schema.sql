create table orders (
	id uuid primary key,
	item varchar not null,
	quantity int not null,
	deliveries int not null
);

create table dead_orders (
	id uuid primary key
);
