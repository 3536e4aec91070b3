-- A year of purchase requests for the people of users.toml and a few colleagues without an account.
-- Runs at each start while DOMAIN=localhost: it adds what is missing, and never changes what somebody did since.
-- The person numbers below are the ends of their ids: 01 Sam, 02 Mia, 04 Finn, 05 Noor, 06 Tomas.

-- A new DOMAIN or PORT is a new issuer. The demo people, and so their requests, move along.
update person set issuer = current_setting('gatehouse.issuer')
where id in (select min(id) from person where subject like '5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a__' group by subject)
  and not exists (select from person moved
                  where moved.subject = person.subject and moved.issuer = current_setting('gatehouse.issuer'));

insert into person (issuer, subject, name, email, department)
select current_setting('gatehouse.issuer'), '5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a' || number, name, email, department
from (values
    ('01', 'Sam Okafor', 'sam@example.com', 'Engineering'),
    ('02', 'Mia Laurent', 'mia@example.com', 'Marketing'),
    ('03', 'Priya Nair', 'priya@example.com', 'Engineering'),
    ('04', 'Finn Berg', 'finn@example.com', 'Finance'),
    ('05', 'Noor Haddad', 'noor@example.com', 'Marketing'),
    ('06', 'Tomas Lindqvist', 'tomas@example.com', 'Operations'),
    ('07', 'Grace Adeyemi', 'grace@example.com', 'Operations'),
    ('08', 'Yuki Tanaka', 'yuki@example.com', 'Finance'),
    ('09', 'Hugo Silva', 'hugo@example.com', 'Marketing'),
    ('10', 'Audra Keller', 'audra@example.com', 'Audit'),
    ('11', 'Ivan Petrov', 'ivan@example.com', 'Operations')
) as demo (number, name, email, department)
-- Asked first, because a conflict would use up an id at each start.
where not exists (select from person known where known.issuer = current_setting('gatehouse.issuer')
                  and known.subject = '5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a' || number);

insert into purchase_request (filing_key, requester_id, department, item, amount, reason,
                              status, decided_by, decided_at, comment, created_at)
select key, requester.id, requester.department, item, amount, reason,
       coalesce(decision, 'filed'), decider.id, filed_at + took * interval '1 day', remark, filed_at
from (values
    (1, '01', 352, 'Mechanical keyboard', 139.00, 'The old one has keys that stick', 'approved', 2, null),
    (2, '06', 347, 'Pallet truck, second hand', 1890.00, 'The yard has one for two loading bays', 'approved', 6, 'Good price. Have the brakes checked first.'),
    (3, '02', 341, 'Stand at the spring trade fair', 4200.00, 'Booth of nine square metres, three days', 'approved', 9, null),
    (4, '04', 336, 'Annual reporting course', 640.00, 'New disclosure rules apply from next year', 'approved', 3, null),
    (5, '01', 329, 'Load-testing service, one month', 480.00, 'Before the billing release', 'approved', 1, null),
    (6, '02', 322, 'Stock photos, 50 licences', 275.00, 'For the product pages in two languages', 'approved', 4, null),
    (7, '06', 318, 'Safety boots, eight pairs', 712.50, 'Yearly replacement for the warehouse', 'approved', 2, null),
    (8, '01', 309, 'Two 27-inch monitors', 598.00, 'For the desks by the window', 'approved', 3, null),
    (9, '05', 301, 'Customer survey panel', 2350.00, '300 answers on the new packaging', 'refused', 5, 'Please reuse the autumn panel; the questions hardly changed.'),
    (10, '06', 297, 'Forklift inspection', 430.00, 'Due every twelve months by law', 'approved', 1, null),
    (11, '04', 290, 'Ergonomic chair', 465.00, 'On the advice of the company doctor', 'approved', 4, null),
    (12, '01', 284, 'Code signing certificate', 389.00, 'The present one ends next month', 'approved', 1, null),
    (13, '02', 279, 'Podcast advertising, four episodes', 3100.00, 'Trial of a new channel', 'approved', 8, 'Report back on sign-ups, please.'),
    (14, '06', 271, 'Label printer', 845.00, 'Replaces the one that jams every morning', 'approved', 3, null),
    (15, '01', 266, 'Noise-cancelling headphones', 329.00, 'The open office is loud', 'refused', 2, 'The quiet room is free most of the day. Ask again if that fails.'),
    (16, '02', 258, 'Banner stands, four', 512.00, 'For the customer days', 'approved', 2, null),
    (17, '04', 251, 'Second licence for the audit tool', 1180.00, 'Two people work on the year end', 'approved', 6, null),
    (18, '01', 247, 'Test phones, three models', 1347.00, 'Bugs we cannot reproduce on emulators', 'approved', 4, null),
    (19, '06', 240, 'LED lights for hall two', 3980.00, 'Half of the tubes are dark; saves power too', 'approved', 11, null),
    (20, '02', 233, 'Illustrations for the annual report', 1650.00, 'Six drawings, full rights', 'approved', 5, null),
    (21, '01', 228, 'Conference ticket, Berlin', 890.00, 'Two days on databases; I will give a talk about it', 'approved', 3, null),
    (22, '05', 222, 'Photographer for the team page', 780.00, 'Fifteen new colleagues have no picture', 'approved', 2, null),
    (23, '06', 216, 'Winter tyres for two vans', 1240.00, 'The present ones are below the limit', 'approved', 1, null),
    (24, '04', 209, 'Books on transfer pricing', 214.90, 'Library of the finance team', 'approved', 7, null),
    (25, '01', 203, 'Backup disks, 4 TB, six', 714.00, 'Rotation for the lab machines', 'approved', 2, null),
    (26, '02', 197, 'Spring campaign, printed posters', 2480.00, 'Four hundred posters, twelve towns', 'approved', 4, null),
    (27, '06', 190, 'Shelf inspection and repair', 1725.00, 'Found bent in the last walk-round', 'approved', 2, null),
    (28, '01', 185, 'Standing desk', 549.00, 'Back pain, on the doctor''s advice', 'approved', 5, null),
    (29, '02', 178, 'Newsletter tool, upgrade', 960.00, 'We are over the limit of contacts', 'approved', 3, null),
    (30, '04', 171, 'Currency data feed, one year', 2900.00, 'Rates at noon instead of the day before', 'refused', 6, 'The bank gives us the same data free of charge.'),
    (31, '01', 166, 'Graphics card for the model tests', 1899.00, 'Runs take all night on the old one', 'approved', 8, 'Shared with the data team, please.'),
    (32, '06', 160, 'Packing machine, service contract', 2150.00, 'It stood still for nine days last year', 'approved', 4, null),
    (33, '02', 153, 'Summer fair, stand and travel', 3890.00, 'Our largest customers all go', 'approved', 10, null),
    (34, '05', 148, 'Translation into three languages', 1430.00, 'Product pages and the manual', 'approved', 3, null),
    (35, '01', 141, 'Network switch, 24 ports', 1120.00, 'The lab has no free port left', 'approved', 2, null),
    (36, '04', 136, 'Training on the new ledger', 1500.00, 'For four colleagues, one day', 'approved', 5, null),
    (37, '06', 129, 'Air conditioning for the office', 2790.00, 'It reached 34 degrees this summer', 'approved', 6, null),
    (38, '02', 124, 'Video of the new product', 5200.00, 'Two minutes, with subtitles', 'approved', 12, null),
    (39, '01', 117, 'Penetration test', 6400.00, 'Asked for by two customers', 'approved', 7, 'Findings to me and to the security team.'),
    (40, '06', 112, 'Rain clothing, twelve sets', 684.00, 'For work in the yard', 'approved', 2, null),
    (41, '02', 104, 'Give-aways, 1000 notebooks', 1980.00, 'For the autumn fairs', 'refused', 4, 'Too many are left from last year.'),
    (42, '04', 99, 'Two scanners', 758.00, 'Receipts still go through one machine', 'approved', 3, null),
    (43, '01', 93, 'Monitoring service, one year', 2240.00, 'The trial has found three outages first', 'approved', 4, null),
    (44, '06', 88, 'Electric pallet truck', 4650.00, 'The second-hand one is beyond repair', 'approved', 9, null),
    (45, '05', 82, 'Search advertising, one quarter', 4800.00, 'As planned in the budget', 'refused', 3, 'Split it by month, and ask for the first one.'),
    (46, '02', 76, 'Search advertising, first month', 1600.00, 'As asked: month by month', 'approved', 2, null),
    (47, '01', 69, 'Laptop for the new colleague', 1749.00, 'She starts on the first', 'approved', 1, null),
    (48, '04', 63, 'Shredder', 329.00, 'The old one has burnt out', 'approved', 2, null),
    (49, '06', 57, 'Fire extinguishers, ten', 890.00, 'Dates have run out', 'approved', 1, null),
    (50, '02', 51, 'Autumn fair, stand', 3650.00, 'Same place as last year', 'approved', 5, null),
    (51, '01', 44, 'Licence for the design tool', 576.00, 'One seat, one year', 'approved', 3, null),
    (52, '06', 38, 'Repair of the dock door', 2310.00, 'It closes only by hand', 'approved', 2, null),
    (53, '02', 33, 'Search advertising, second month', 1600.00, 'Second of three months', 'approved', 2, null),
    (54, '04', 27, 'Tax advice, cross-border sales', 2400.00, 'Four new countries since summer', 'approved', 4, null),
    (55, '01', 21, 'Oscilloscope probe', 264.00, 'The old one broke', 'approved', 2, null),
    (56, '01', 12, 'Cloud training, two days', 1290.00, 'We move the build system in spring', null, null, null),
    (57, '06', 9, 'Hand scanners, four', 1560.00, 'The old ones lose the connection', null, null, null),
    (58, '01', 6, 'Docking stations, three', 447.00, 'For the shared desks', null, null, null),
    (59, '02', 5, 'Search advertising, third month', 1600.00, 'Third of three months', null, null, null),
    (60, '05', 4, 'Reception for customers', 2700.00, 'Sixty guests, one evening', null, null, null),
    (61, '04', 3, 'Calculator rolls', 38.50, 'Yes, we still need them', null, null, null),
    (62, '01', 1, 'USB security keys, ten', 520.00, 'Two for each of us', null, null, null),
    (63, '02', 16, 'Translation of the price list', 1180.00, 'Two languages, forty pages', 'approved', 3, null),
    (64, '06', 11, 'Stretch film, two pallets', 940.00, 'We pack the last of it next week', 'approved', 1, null),
    (65, '01', 15, 'Laboratory power supply', 685.00, 'Ours drifts by half a volt', 'approved', 4, 'Put the old one aside for spare parts.')
) as demo (number, person, days_ago, item, amount, reason, decision, took, remark)
cross join lateral (
    select md5('demo request ' || number)::uuid as key,
           date_trunc('day', now()) - days_ago * interval '1 day' + (540 + number * 37 % 480) * interval '1 min' as filed_at
) as made
join person requester on requester.issuer = current_setting('gatehouse.issuer')
                     and requester.subject = '5b1c0e1e-0d5a-4c8e-9a55-0c5a3f6d1a' || person
left join lateral (
    select approver.id from person approver
    where approver.department = requester.department and approver.id <> requester.id and decision is not null
      and approver.issuer = requester.issuer and right(approver.subject, 2) in ('03', '05', '07', '08', '09')
    order by approver.subject limit 1
) as decider on true
where not exists (select from purchase_request known where known.filing_key = key)
order by filed_at;
