import { expect, test } from "vitest";
import { heldShards, placeServers } from "./placement.ts";
import { World } from "./sample.fixture.ts";

const nodesOf = (places: ReturnType<typeof placeServers>) => places?.map(({ node }) => node);

function fleetOf(...servers: string[]) {
  const world = new World();
  for (const name of servers) world.server(name);
  return world;
}

test("shards are spread over the servers, first over those that hold least", () => {
  const fleet = fleetOf("s1", "s2", "s3").view();
  expect(nodesOf(placeServers(fleet, 2, new Map([["s1", 4]])))).toEqual(["s2", "s3"]);
  expect(nodesOf(placeServers(fleet, 3, new Map([["s1", 4]])))).toEqual(["s2", "s3", "s1"]);
});

test("with fewer servers than shards, servers hold several", () => {
  const fleet = fleetOf("s1", "s2").view();
  expect(nodesOf(placeServers(fleet, 5, new Map()))).toEqual(["s1", "s2", "s1", "s2", "s1"]);
  expect(placeServers(fleetOf().view(), 1, new Map())).toBeUndefined();
});

test("a server that is about to stop takes no shards", () => {
  const world = fleetOf("s1", "s2");
  world.drain("s1");
  expect(nodesOf(placeServers(world.view(), 2, new Map()))).toEqual(["s2", "s2"]);
});

test("shards stay where they were, if that server is there, under its new incarnation", () => {
  const world = fleetOf("s1", "s3");
  world.server("s2", "second");
  const before = ["s2", "gone", "s1"].map((node) => ({ node, address: "", incarnation: "first" }));
  const places = placeServers(world.view(), 3, new Map(), before);
  expect(nodesOf(places)).toEqual(["s2", "s3", "s1"]);
  expect(places?.[0]).toEqual({ node: "s2", address: "s2:7103", incarnation: "second" });
});

test("shards of all training jobs are counted", () => {
  const world = fleetOf("s1", "s2");
  world.trainer("t1");
  world.submit("job_a", { servers: 3 });
  world.prepare("job_a");
  expect(heldShards([world.job("job_a", "TRAINING")])).toEqual(
    new Map([
      ["s1", 2],
      ["s2", 1],
    ]),
  );
});
