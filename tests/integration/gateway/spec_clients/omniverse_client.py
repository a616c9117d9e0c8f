# The specification's own example of an Omniverse extension, as it stands there, behind the one function that it leaves to
# the reader. Its comments are the specification's too.
import collections
import itertools

_steps = itertools.count()
_Coordinates = collections.namedtuple("Coordinates", "lat lng height")


def get_object_coordinates():
    step = next(_steps)
    return _Coordinates(lat=37.5 + step / 1000, lng=127.25 + step / 1000, height=step)


# ---- from here on: the specification

import asyncio
import websockets
import json

async def omniverse_client():
    uri = "ws://localhost:8000/ws"
    
    async with websockets.connect(uri) as websocket:
        # 클라이언트 등록
        await websocket.send(json.dumps({
            "type": "client_register",
            "client_type": "omniverse_extension"
        }))
        
        # 좌표 전송 루프
        while True:
            coords = get_object_coordinates()  # 좌표 읽기 함수
            
            await websocket.send(json.dumps({
                "type": "coordinate_update",
                "prim_path": "/World/Husky_01",
                "latitude": coords.lat,
                "longitude": coords.lng,
                "height": coords.height
            }))
            
            await asyncio.sleep(1)  # 1초마다 전송

asyncio.run(omniverse_client())
