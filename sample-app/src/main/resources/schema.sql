create table orders (
	id uuid primary key,
	item varchar not null,
	quantity int not null,
	deliveries int not null
);

create table dead_orders (
	id uuid primary key
);

-- What the load run placed, and what it was told: DELIVERED, REJECTED, null for not yet.
create table load_orders (
	id uuid primary key,
	outcome varchar(10)
);
