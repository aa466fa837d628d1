/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.reliablekafka.sequence;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

final class ReferenceReader implements Checker {
	static final Map<String, State> STATES = new ConcurrentHashMap<>();
	static final AtomicLong IDS = new AtomicLong();
	final String group; final Lane lane; final boolean rc; final SequenceBoard board; final LossLedger ledger;
	State state = new State(); long position;
	final List<Object[]> polled = new ArrayList<>();
	final Map<String, CompletableFuture<Void>> posted = new HashMap<>();
	ReferenceReader(String g, Lane l, boolean rc, SequenceBoard b, LossLedger le, java.util.function.LongSupplier clock){group=g;lane=l;this.rc=rc;board=b;ledger=le;}
	static final class State {
		long baseline=Long.MAX_VALUE; long committed; Map<Long,TreeSet<Long>> seen=new HashMap<>(); Map<Long,Claim> anchors=new HashMap<>(); Map<Long,Set<Long>> reported=new HashMap<>();
		State copy(){State s=new State(); s.baseline=baseline; s.committed=committed; seen.forEach((k,v)->s.seen.put(k,new TreeSet<>(v))); s.anchors.putAll(anchors); reported.forEach((k,v)->s.reported.put(k,new HashSet<>(v))); return s;}
	}
	public void begin(long p, boolean committed, String m, int g){ position=p; if(m!=null&&STATES.containsKey(m)) state=STATES.get(m).copy(); state.committed=p; state.baseline=Math.min(state.baseline,p);}
	public void read(long o,int e,long t,byte[] h){ polled.add(new Object[]{o,h==null?null:new StampCodec(lane.topic(),lane.partition()).decode(h)}); position=o+1;}
	public void advance(long p){position=p;}
	public void move(long p, Cause c){ if(p<position) polled.removeIf(x->(long)x[0]>=p); position=p; state.baseline=Math.min(state.baseline,p);}
	public void truncate(long p){ move(p,Cause.TRUNCATED);}
	public LaneReader.Commit commit(long o){
		for(Object[] x:polled) if((long)x[0]<o && x[1]!=null){ Stamp s=(Stamp)x[1]; state.seen.computeIfAbsent(s.session(),k->new TreeSet<>()).add(rc?s.number():s.appendNumber()); if(s.anchor()!=null&&(rc||!s.transactional())) state.anchors.put(s.session(),s.anchor()); }
		polled.removeIf(x->(long)x[0]<o); state.committed=o;
		String id="s"+IDS.incrementAndGet(); STATES.put(id,state.copy()); return new LaneReader.Commit(o,-1,id);}
	public boolean check(){
		Map<Long,List<Claim>> claims=new HashMap<>();
		state.anchors.forEach((k,v)->claims.computeIfAbsent(k,x->new ArrayList<>()).add(v));
		board.watermarks(lane).forEach((k,w)->claims.computeIfAbsent(k,x->new ArrayList<>()).add(rc?w.claim():w.appendClaim()));
		TopicFacts f=board.facts(lane.topic());
		boolean any=false;
		for(var en:claims.entrySet()) for(Claim c:en.getValue()) {
			if(f==null||c.topicIdHash()!=f.topicIdHash()||c.offset()>=state.committed) continue;
			for(long n=c.from();n<=c.acknowledged();n++){
				if(c.failed().contains(n)||state.seen.getOrDefault(en.getKey(),new TreeSet<>()).contains(n)||state.reported.getOrDefault(en.getKey(),Set.of()).contains(n)) continue;
				boolean sure=c.firstOffset()>=state.baseline && !f.compacted();
				Finding x=new Finding(sure?Verdict.LOST_ACKED:Verdict.UNVERIFIED,Cause.BASELINE,group,lane,en.getKey(),null,NumberRanges.of(n,n),c.toString(),null,null,-1,-1,position);
				var fut=ledger.post(x);
				if(fut.isDone()&&!fut.isCompletedExceptionally()){ state.reported.computeIfAbsent(en.getKey(),k->new HashSet<>()).add(n); any=true; }
			}}
		return any;}
	public void end(int g){}
}
